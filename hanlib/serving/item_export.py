"""Exports a model of sentences or words as a SavedModel that needs only TensorFlow."""

from pathlib import Path

import keras
import tensorflow as tf

from hanlib import atomic_files
from hanlib.serving import versions
from hanlib.serving.export import check_new, write_saved_model
from hanlib.serving.item_signatures import ItemSignatures
from hanlib.serving.vocabulary_file import VocabularyFile


def export_item_model(model, directory, *, max_words=200_000):
    """Writes a `SentenceClassifier` or `TokenClassifier` as a SavedModel.

    `hanlib.serving.item_signatures.ItemSignatures` describes the signatures. The model is written
    to a temporary folder beside `directory` and renamed.

    Args:
        model: A model with a vectorizer.
        directory: The folder to create.
        max_words: Limit on the words of a document; a longer one is answered with an error.

    Returns:
        The `Path` of the folder.

    Raises:
        FileExistsError: If `directory` exists and is not an empty folder.
        OSError: If a file cannot be written. No files are left behind.
    """
    directory = Path(directory)
    check_new(directory)
    with atomic_files.writing_folder(directory.parent) as temporary:
        atomic_files.publish(_write(model, temporary, max_words), directory)
    return directory


def export_item_version(model, directory, *, max_words=200_000):
    """Writes the next version of a model, `directory/<number>/`; see `export_item_model`."""
    with atomic_files.writing_folder(directory) as temporary:
        return versions.publish_next(_write(model, temporary, max_words), directory)


def _write(model, folder, max_words):
    """Writes the SavedModel to a new folder in `folder` and returns its path."""
    if not model.built:
        model.build()
    served = tf.Module()
    # The restore operation of TensorFlow Serving covers `tf.Variable` only.
    served.weights = [w.value if isinstance(w, keras.Variable) else w for w in model.weights]
    served.vocabulary = VocabularyFile(model.vectorizer, folder)
    features = getattr(model, "token_features", None)
    served.tables = [] if features is None else features.tables()
    signatures = ItemSignatures(model, served.vocabulary, served.tables, max_words)
    write_saved_model(served, folder / "model", signatures.all, folder)
    return folder / "model"
