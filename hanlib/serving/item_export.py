"""Exports a model of sentences or words as a SavedModel that needs only TensorFlow."""

from pathlib import Path

from hanlib import atomic_files
from hanlib.serving import versions
from hanlib.serving.export import check_new, write_saved_model
from hanlib.serving.half_precision import item_model_with_half_precision
from hanlib.serving.item_signatures import ItemSignatures


def export_item_model(model, directory, *, max_words=200_000, half_precision_tables=False):
    """Writes a `SentenceClassifier` or `TokenClassifier` as a SavedModel.

    `hanlib.serving.item_signatures.ItemSignatures` describes the signatures. The model is written
    to a temporary folder beside `directory` and renamed.

    Args:
        model: A model with a vectorizer.
        directory: The folder to create.
        max_words: Limit on the words of a document; a longer one is answered with an error.
        half_precision_tables: Whether to store the vectors of words and features in float16.

    Returns:
        The `Path` of the folder.

    Raises:
        FileExistsError: If `directory` exists and is not an empty folder.
        OSError: If a file cannot be written. No files are left behind.
    """
    directory = Path(directory)
    check_new(directory)
    with atomic_files.writing_folder(directory.parent) as temporary:
        written = _write(model, temporary, max_words, half_precision_tables)
        atomic_files.publish(written, directory)
    return directory


def export_item_version(model, directory, *, max_words=200_000, half_precision_tables=False):
    """Writes the next version of a model, `directory/<number>/`; see `export_item_model`."""
    with atomic_files.writing_folder(directory) as temporary:
        written = _write(model, temporary, max_words, half_precision_tables)
        return versions.publish_next(written, directory)


def _write(model, folder, max_words, half_precision_tables):
    """Writes the SavedModel to a new folder in `folder` and returns its path."""
    if not model.built:
        model.build()
    weights, features = model.weights, getattr(model, "token_features", None)
    if half_precision_tables:
        model, weights = item_model_with_half_precision(model)
    tables = [] if features is None else features.tables()

    def signatures(vocabulary):
        return ItemSignatures(model, vocabulary, tables, max_words).all()

    return write_saved_model(
        *(folder, model.vectorizer, weights, tables, signatures),
        lambda stage: None,
        ["serving_default"],
    )
