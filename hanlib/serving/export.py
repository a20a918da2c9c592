"""A trained classifier as a SavedModel: text in, label and probabilities out, TensorFlow alone."""

import shutil
import tempfile
from pathlib import Path

import keras
import tensorflow as tf


def export_saved_model(classifier, directory):
    """Write `classifier` as a SavedModel that needs nothing but TensorFlow's standard ops.

    The signature `serving_default` takes `text: <string>[docs]` and gives

        probabilities  `<float32>[docs, classes]`
        classes        `<string>[docs, classes]`, their names
        label          `<string>[docs]`, the name of the most probable class
        labels         `<string>[docs, most]`, with `multi_label` only: the names of the classes
                       that reach their threshold, padded with empty strings

    The model is written to a temporary folder beside `directory` and renamed, so that a server
    that watches never sees half of it.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The folder to make, such as `serving/1`.

    Returns:
        The `Path` of the folder.

    Raises:
        FileExistsError: If `directory` exists and is not an empty folder.
        ValueError: If the classifier takes ids only.

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
    if classifier.vectorizer is None:
        raise ValueError(
            "`classifier` must have a vectorizer to be served. Received: vectorizer=None"
        )
    directory = Path(directory)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FileExistsError(f"`directory` must be new or empty. Received: {directory}")
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Its name is no number: a server that watches the parent passes it over.
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=directory.parent))
    try:
        _write(classifier, temporary / "model")
        (temporary / "model").replace(directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return directory


def export_version(classifier, directory):
    """Write the next version of a model, `directory/<number>/`, as TensorFlow Serving expects it.

    Args:
        classifier: A `DocumentClassifier` with a vectorizer.
        directory: The model's base folder; made where it is missing.

    Returns:
        The `Path` of the version's folder: 1, or one more than the highest there.

    >>> export_version(None, "nowhere")
    Traceback (most recent call last):
    AttributeError: 'NoneType' object has no attribute 'vectorizer'
    """
    directory = Path(directory)
    found = [int(path.name) for path in directory.glob("*") if path.name.isdecimal()]
    return export_saved_model(classifier, directory / str(max(found, default=0) + 1))


def _write(classifier, directory):
    if not classifier.built:
        classifier.build()
    archive = keras.export.ExportArchive()
    archive.track(classifier)
    # Keras loses the lookup tables of a model whose `call` takes strings.
    archive.track(classifier.vectorizer)
    archive.add_endpoint(
        "serving_default",
        _endpoint(classifier),
        input_signature=[tf.TensorSpec([None], tf.string, name="text")],
    )
    archive.write_out(directory, verbose=False)


def _endpoint(classifier):
    names = tf.constant([str(name) for name in classifier.classes])
    thresholds = tf.constant(classifier.thresholds, tf.float32)

    def serve(text):
        probabilities = classifier(text, training=False)
        outputs = {
            "probabilities": probabilities,
            "classes": tf.tile(names[None], [tf.shape(text)[0], 1]),
            "label": tf.gather(names, tf.argmax(probabilities, axis=-1)),
        }
        if classifier.multi_label:
            given = tf.ragged.boolean_mask(outputs["classes"], probabilities >= thresholds)
            outputs["labels"] = given.to_tensor("")
        return outputs

    return serve
