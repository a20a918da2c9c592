"""Exports a trained classifier as a SavedModel that needs only TensorFlow."""

import contextlib
import dataclasses
import os
from pathlib import Path

import keras
import tensorflow as tf

from hanlib import atomic_files
from hanlib.checks import check_integer
from hanlib.serving import folded_table, versions
from hanlib.serving.half_precision import with_half_precision_tables
from hanlib.serving.signatures import Signatures
from hanlib.serving.vocabulary_file import VocabularyFile
from hanlib.serving.warm_up import write_warm_up

_WARM_UP_WORDS = 500


def export_saved_model(
    classifier,
    directory,
    *,
    progress=None,
    **options,
):
    """Writes a classifier as a SavedModel that uses only TensorFlow's standard ops.

    Each signature takes `text: <string>[docs]`; of a classifier whose vectorizer has columns, words
    and their columns (see `hanlib.serving.signatures.Signatures`). The first axis of all outputs is
    the documents:

    - `serving_default` returns `label`, `probabilities` and `classes`; with `multi_label` also
      `labels`;
    - `explain` returns the same outputs, and the sentences and words of each document with their
      attention and gradient x attention (see `hanlib.serving.signatures.Signatures.explain`). It
      exists only if the encoder has attention;
    - `contrast` also takes `target` and `against`, and returns the outputs of `explain` for one
      class and not another (see `hanlib.serving.signatures.Signatures.contrast`). It exists if
      `explain` does and there are two classes;
    - `embed` returns `vectors <float32>[docs, features]`, the document vectors.

    The model is written to a temporary folder beside `directory` and renamed, so that a server
    never sees a partial version.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The folder to create, such as `serving/1`.
        progress: Function that is called with a short description of each stage, or None.
        **options: See `ExportOptions`.

    Returns:
        The `Path` of the folder.

    Raises:
        FileExistsError: If `directory` exists and is not an empty folder.
        ValueError: If the classifier has no vectorizer, a bound is not a positive integer, or the
            encoder cannot be folded.
        OSError: If a file cannot be written. No files are left behind.

    >>> import tempfile
    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import BagOfWords, DocumentClassifier
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(["Good film.", "Bad film."])
    >>> encoder = BagOfWords(vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    >>> path = export_saved_model(classifier, tempfile.mkdtemp() + "/1")
    >>> serve = tf.saved_model.load(path).signatures["serving_default"]
    >>> sorted(serve(tf.constant(["A good one."])))
    ['classes', 'label', 'probabilities']
    """
    directory = Path(directory)
    check_new(directory)
    options = _checked(classifier, **options)
    with atomic_files.writing_folder(directory.parent) as temporary:
        written = _write(classifier, temporary, options, progress or _ignore)
        atomic_files.publish(written, directory)
    return directory


def check_new(directory):
    """Raises `FileExistsError` unless a folder is new or empty."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"`directory` must be new or empty. Received: {directory}")


def write_saved_model(
    folder, vectorizer, weights, tables, signatures, progress, text_signatures=None
):
    """Writes a SavedModel with its warm-up requests to a new folder in `folder`.

    Args:
        folder: The folder that is made for the export.
        vectorizer: A `DocumentVectorizer`.
        weights: The variables of the model.
        tables: A lookup table per given column of the words.
        signatures: Function from the `VocabularyFile` to functions without arguments, by name, that
            return the concrete functions.
        progress: Function that is called with the name of each stage.
        text_signatures: The names of the signatures that take texts; None: all.

    Returns:
        The `Path` of the SavedModel.

    Raises:
        OSError: If a file cannot be written.
    """
    written, served = folder / "model", tf.Module()
    # The restore operation that TensorFlow Serving runs covers only the variables that TensorFlow
    # tracks: `tf.Variable`, but not the `keras.Variable` that wraps it.
    served.weights = [
        weight.value if isinstance(weight, keras.Variable) else weight for weight in weights
    ]
    served.vocabulary, served.tables = VocabularyFile(vectorizer, folder), tables
    # Nobody takes a gradient of a served model, and TensorFlow never frees those of a loaded one.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    functions = {}
    try:
        for name, traced in signatures(served.vocabulary).items():
            progress(f"tracing {name}")
            functions[name] = traced()
        progress("writing")
        with _quiet():
            tf.saved_model.save(served, str(written), functions, options)
        if not tables:  # Otherwise the model does not read texts.
            progress("writing warm-up requests")
            words = vectorizer.get_vocabulary()[served.vocabulary.first :]
            write_warm_up(written, list(text_signatures or functions), words[:_WARM_UP_WORDS])
    except tf.errors.OpError as error:
        raise _as_os_error(error, folder) from error
    return written


def export_version(classifier, directory, **options):
    """Writes the next version of a model, `directory/<number>/`, as TensorFlow Serving expects it.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The base folder of the model; created if it does not exist. Several processes
            may export to it at the same time.
        **options: See `export_saved_model`.

    Returns:
        The `Path` of the version's folder: 1, or the highest existing version plus 1.

    >>> export_version(None, "nowhere")
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'vectorizer'
    """
    progress = options.pop("progress", None) or _ignore
    options = _checked(classifier, **options)
    with atomic_files.writing_folder(directory) as temporary:
        return versions.publish_next(_write(classifier, temporary, options, progress), directory)


@dataclasses.dataclass(frozen=True)
class ExportOptions:
    """Options of an export.

    Attributes:
        most_sentences, most_words: Maximum numbers of sentences and words that `explain` returns
            per document, so that a very long document does not pad the answers for the other
            documents of its batch. The model still reads the whole document.
        max_sentences, max_words: Maximum length of a document; longer documents are answered with
            an error. Each sentence is one step of the upper level, so without a limit a text such
            as "a. a. a. .." would occupy a core for a long time. A sentence longer than the
            vectorizer's `max_sentence_words` counts as several.
        half_precision_tables: Whether to store the word vectors, or the folded table, in float16.
        fold: Whether to store the word vectors and the input kernels of the word level as one
            table of their products, which makes the model faster, and larger where the products
            are wider than the vectors (see `hanlib.serving.folded_table`).

    Raises:
        ValueError: If a bound is not a positive integer.

    >>> ExportOptions(most_words=0)
    Traceback (most recent call last):
    ValueError: `most_words` must be a positive integer. Received: most_words=0
    """

    most_sentences: int = 512
    most_words: int = 4096
    max_sentences: int = 5_000
    max_words: int = 200_000
    half_precision_tables: bool = False
    fold: bool = False

    def __post_init__(self):
        for name in self.bounds:
            check_integer(name, getattr(self, name))

    @property
    def bounds(self):
        """The bounds by name, as arguments of `Signatures`."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.type is int
        }


def _checked(classifier, **options):
    if classifier.vectorizer is None:
        raise ValueError(
            "`classifier` must have a vectorizer to be served. Received: vectorizer=None"
        )
    options = ExportOptions(**options)
    if options.fold:
        folded_table.check_foldable(classifier.encoder)
    return options


def _write(classifier, folder, options, progress):
    """Writes the SavedModel to a new folder in `folder` and returns its path."""
    if not classifier.built:
        classifier.build()
    vectorizer, weights = classifier.vectorizer, classifier.weights
    tables = vectorizer.tables()
    if options.fold:
        half = options.half_precision_tables
        progress(folded_table.described(classifier.encoder, half))
        classifier, weights = folded_table.with_folded_table(classifier, half)
    elif options.half_precision_tables:
        classifier, weights = with_half_precision_tables(classifier)

    def signatures(vocabulary):
        return Signatures(classifier, vectorizer, vocabulary, tables, **options.bounds).all()

    return write_saved_model(folder, vectorizer, weights, tables, signatures, progress)


@contextlib.contextmanager
def _quiet():
    """Suppresses TensorFlow's messages about the temporary folder."""
    log = tf.get_logger()
    level = log.level
    log.setLevel("WARNING")
    try:
        yield
    finally:
        log.setLevel(level)


def _as_os_error(error, folder):
    """Converts TensorFlow's error of a failed write to an `OSError` that names the file."""
    known = {"No space left on device": 28, "File too large": 27, "Permission denied": 13}
    message = " ".join(error.message.split())
    for text, number in known.items():
        if text in message:
            path = next((w.strip(";") for w in message.split() if str(folder) in w), str(folder))
            return OSError(number, os.strerror(number), path)
    return OSError(f"cannot write to {folder}: {message}")


def _ignore(stage):
    """A `progress` function that does nothing."""
