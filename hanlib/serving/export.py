"""A trained classifier as a SavedModel: text in, decision and evidence out, TensorFlow alone."""

import contextlib
import dataclasses
import os
from pathlib import Path

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.serving import versions
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
    """Writes a classifier as a SavedModel that needs nothing but TensorFlow's standard ops.

    Each signature takes `text: <string>[docs]`; all outputs have the documents first:

    - `serving_default` gives `label`, `probabilities` and `classes`; with `multi_label` also
      `labels`;
    - `explain` gives these, and the sentences and words of each document with their attention and
      gradient x attention (see `hanlib.serving.signatures.Signatures.explain`);
    - `embed` gives `vectors <float32>[docs, features]`, the document vectors.

    The model is written to a temporary folder beside `directory` and renamed, so that a server
    that watches never sees half of it.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The folder to make, such as `serving/1`.
        progress: Function that is called with a few words on what is being done, or None.
        **options: See `ExportOptions`.

    Returns:
        The `Path` of the folder.

    Raises:
        FileExistsError: If `directory` exists and is not an empty folder.
        ValueError: If the classifier takes ids only, or a bound is no positive integer.
        OSError: If something cannot be written; nothing is left behind.

    >>> import tempfile
    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(["Good film.", "Bad film."])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    >>> path = export_saved_model(classifier, tempfile.mkdtemp() + "/1")
    >>> serve = tf.saved_model.load(path).signatures["serving_default"]
    >>> sorted(serve(tf.constant(["A good one."])))
    ['classes', 'label', 'probabilities']
    """
    directory = Path(directory)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"`directory` must be new or empty. Received: {directory}")
    options = _checked(classifier, **options)
    with versions.writing_folder(directory.parent) as temporary:
        written = _write(classifier, temporary, options, progress or _nobody)
        versions.publish(written, directory)
    return directory


def export_version(classifier, directory, **options):
    """Writes the next version of a model, `directory/<number>/`, as TensorFlow Serving expects it.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The model's base folder; made where it is missing. Several processes may
            export to it at once.
        **options: Of `export_saved_model`.

    Returns:
        The `Path` of the version's folder: 1, or one more than the highest there.

    >>> export_version(None, "nowhere")
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'vectorizer'
    """
    progress = options.pop("progress", None) or _nobody
    options = _checked(classifier, **options)
    with versions.writing_folder(directory) as temporary:
        return versions.publish_next(_write(classifier, temporary, options, progress), directory)


@dataclasses.dataclass(frozen=True)
class ExportOptions:
    """How a classifier is exported.

    Attributes:
        most_sentences, most_words: The most that `explain` returns of a document, so that a very
            long one does not pad the answers to the others in a batch; the model reads all of it.
        max_sentences, max_words: Limits of a document; a server answers a longer one with an
            error. Each sentence of a document is one step of the upper level, so that without a
            limit a text such as "a. a. a. .." would occupy a core for a long time. A sentence that
            is longer than `max_sentence_words` of the vectorizer counts as several.
        half_precision_tables: Whether the word vectors are stored in float16.

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

    def __post_init__(self):
        for name in self.bounds:
            check_integer(name, getattr(self, name))

    @property
    def bounds(self):
        """The bounds by name, as `Signatures` takes them."""
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
    return ExportOptions(**options)


def _write(classifier, folder, options, progress):
    """Writes the SavedModel to a new folder in `folder`, and returns that."""
    written = folder / "model"
    try:
        served, signatures = _served(classifier, folder, options)
        functions = {}
        for name, function in signatures.all().items():
            progress(f"tracing {name}")
            functions[name] = function.get_concrete_function()
        progress("writing")
        with _without_its_log():
            tf.saved_model.save(served, str(written), signatures=functions)
        progress("writing warm-up requests")
        words = classifier.vectorizer.get_vocabulary()[served.vocabulary.first :]
        write_warm_up(written, list(functions), words[:_WARM_UP_WORDS])
    except tf.errors.OpError as error:
        raise _as_os_error(error, folder) from error
    return written


def _served(classifier, folder, options):
    """What is saved, each variable once beside the table of words, and the signatures over it."""
    if not classifier.built:
        classifier.build()
    vectorizer = classifier.vectorizer
    served = tf.Module()
    weights = classifier.weights
    if options.half_precision_tables:
        classifier, weights = with_half_precision_tables(classifier)
    # TensorFlow's tracking, and so the restore operation of the MetaGraph that TensorFlow Serving
    # runs, knows a `tf.Variable` but not the `keras.Variable` around it.
    served.weights = [
        weight.value if isinstance(weight, keras.Variable) else weight for weight in weights
    ]
    served.vocabulary = VocabularyFile(vectorizer, folder)
    return served, Signatures(classifier, vectorizer, served.vocabulary, **options.bounds)


@contextlib.contextmanager
def _without_its_log():
    """TensorFlow tells, twice, of a folder that is gone a moment later."""
    log = tf.get_logger()
    level = log.level
    log.setLevel("WARNING")
    try:
        yield
    finally:
        log.setLevel(level)


def _as_os_error(error, folder):
    """TensorFlow's error of a failed write as Python's: the message names the file."""
    known = {"No space left on device": 28, "File too large": 27, "Permission denied": 13}
    message = " ".join(error.message.split())
    for text, number in known.items():
        if text in message:
            path = next((w.strip(";") for w in message.split() if str(folder) in w), str(folder))
            return OSError(number, os.strerror(number), path)
    return OSError(f"cannot write to {folder}: {message}")


def _nobody(doing):
    """Told what is being done, says nothing."""
