"""Runs an exported SavedModel in this process."""

from pathlib import Path

import tensorflow as tf

from hanlib.checks import check_choice
from hanlib.serving import versions
from hanlib.serving.export_outputs import labels_items
from hanlib.serving.signature_inputs import request_inputs


class ServedModel:
    """An exported classifier.

    Args:
        path: The folder of a SavedModel, or a folder with versions, of which the highest is loaded.

    Attributes:
        path: The `Path` of the SavedModel.
        classes: The names of the classes, as strings.
        multi_label: Whether a document may have any number of labels.

    Raises:
        FileNotFoundError: If there is no SavedModel.
        ValueError: If it was not exported by hanlib.

    >>> ServedModel("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: `path` must hold a SavedModel, or versions of one. Received: nowhere
    """

    def __init__(self, path):
        self.path, self._loaded = loaded_export(path)
        self._signature = self._loaded.signatures.get("serving_default")
        found = sorted(self._signature.structured_outputs) if self._signature else []
        if labels_items(self.path):
            raise ValueError(
                "`path` must label documents; `hanlib.serving.item_scoring.ServedItems` runs a "
                f"model of sentences or words. Received: {self.path}"
            )
        if not {"classes", "label", "probabilities"} <= set(found):
            raise ValueError(
                "`path` must be an export of hanlib, whose serving_default returns label, "
                f"probabilities and classes. Received: {self.path}, which returns {found}"
            )
        if set(self._signature.structured_input_signature[1]) != {"text"}:
            raise ValueError(
                "`path` must be an export that reads texts. "
                f"Received: {self.path}, which reads words with columns"
            )
        outputs = self._signature(text=tf.constant([""]))
        self.classes = [name.decode() for name in outputs["classes"].numpy()[0]]
        self.multi_label = "labels" in outputs

    def answers(self, texts):
        """Classifies documents.

        Args:
            texts: List of `bytes`.

        Returns:
            A list of `(label, probabilities <float32>[classes])`; with `multi_label`, `label` is a
            list of labels.
        """
        outputs = self.outputs(texts)
        if self.multi_label:
            rows = outputs["labels"].tolist()
            labels = [[name.decode() for name in row if name] for row in rows]
        else:
            labels = [name.decode() for name in outputs["label"]]
        return list(zip(labels, outputs["probabilities"], strict=True))

    def outputs(self, texts, signature="serving_default", **further):
        """The outputs of a signature, by name, as NumPy arrays with one row per document.

        Args:
            texts: List of `bytes`.
            signature: "serving_default", "explain", "contrast" or "embed".
            **further: For "contrast", `target` and `against`: the names of the classes, the same
                for all documents.

        Raises:
            ValueError: If the export has no such signature, or the signature no such input.
            tf.errors.InvalidArgumentError: If the model rejects a document or a class.
        """
        check_choice("signature", signature, sorted(self._loaded.signatures))
        inputs = request_inputs(signature, texts, **further)
        shape = [len(texts)]
        tensors = {key: tf.constant(rows, tf.string, shape) for key, rows in inputs.items()}
        outputs = self._loaded.signatures[signature](**tensors)
        return {name: output.numpy() for name, output in outputs.items()}


def loaded_export(path):
    """The `Path` of a SavedModel, and the SavedModel.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it cannot be loaded.
    """
    path = served_path(path)
    try:
        return path, tf.saved_model.load(str(path))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"`path` cannot be loaded: {path} ({reason})") from error


def served_path(path):
    """The folder of the SavedModel: `path` itself, or its highest version."""
    path = Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    newest = path / str(versions.latest(path))
    if not (newest / "saved_model.pb").is_file():
        raise FileNotFoundError(
            f"`path` must hold a SavedModel, or versions of one. Received: {path}"
        )
    return newest
