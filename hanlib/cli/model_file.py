"""The argument MODEL: a folder written by `hanlib train`, or a `.keras` file."""

import json
import zipfile
from pathlib import Path

from hanlib.cli.errors import UsageError


def model_path(model):
    """The `.keras` file of a model.

    Raises:
        UsageError: there is no such file.
    """
    path = Path(model)
    if not path.exists():
        raise UsageError(f"no such model: {model}")
    if path.is_dir():
        if not (path / "model.keras").is_file():
            unfinished = (path / "checkpoint").exists()
            hint = "; its training is not finished (`hanlib train --resume`)" if unfinished else ""
            raise UsageError(f"{model} holds no model.keras{hint}")
        return path / "model.keras"
    if path.suffix != ".keras":
        raise UsageError(f"MODEL must be a folder or a .keras file. Received: {model}")
    return path


def labels_items(model):
    """Whether a model labels sentences or words; without loading it. False if there is none."""
    return _saved(model).get("class_name") in ("SentenceClassifier", "TokenClassifier")


def reads_columns(model):
    """Whether a model reads words with columns in place of texts; without loading it."""
    config = _saved(model).get("config", {})
    vectorizer = config.get("vectorizer") or {}
    return bool(config.get("columns") or vectorizer.get("config", {}).get("columns"))


def _saved(model):
    """The configuration in a model's file; empty if it cannot be read."""
    try:
        with zipfile.ZipFile(model_path(model)) as file:
            found = json.loads(file.read("config.json"))
    # A missing or damaged file is reported when it is loaded.
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, UsageError):
        return {}
    return found if isinstance(found, dict) else {}


def load_classifier(model):
    """The classifier of a model.

    Raises:
        UsageError: the file cannot be read, or is not a classifier of text.
    """
    if labels_items(model):
        raise UsageError(
            f"{model} labels sentences or words: this command needs a classifier of documents. "
            "`hanlib predict` prints the labels, and shows them with --output labels.html"
        )
    classifier = load(model)
    from hanlib.models import DocumentClassifier

    path = model_path(model)
    if not isinstance(classifier, DocumentClassifier):
        raise UsageError(f"{path} holds a {type(classifier).__name__}, not a DocumentClassifier")
    if classifier.vectorizer is None:
        raise UsageError(f"{path} has no vectorizer: it cannot read text")
    return classifier


def load(model):
    """The Keras model in the file of a model.

    Raises:
        UsageError: the file cannot be read.
    """
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.training.progress import ProgressLine

    path = model_path(model)
    progress = ProgressLine()
    if progress.terminal:
        progress.stage("loading TensorFlow and the model")
    start_tensorflow()
    import keras

    import hanlib.models  # noqa: F401 (registers the classes)

    try:
        return keras.models.load_model(path, compile=False)
    # A damaged file can raise any exception.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"{path} cannot be loaded as a model ({type(error).__name__}: {reason})"
        ) from error
    finally:
        progress.close()


def recorded_load(arguments):
    """How the training data of MODEL was loaded, or None if there is no record of it.

    Raises:
        UsageError: there is neither a record nor a DATASET.
    """
    recorded = (record(arguments.model, "dataset.json") or {}).get("load")
    if arguments.dataset is None and recorded is None:
        raise UsageError(
            f"DATASET must be given: {arguments.model} has no record of its training data"
        )
    return recorded


def record(model, name):
    """A JSON file that `hanlib train` wrote beside the model, or None."""
    path = model_path(model).with_name(name)
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path} is not readable JSON: {error}") from None
