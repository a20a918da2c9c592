"""Runs an exported model of sentences or words in this process."""

import numpy as np
import tensorflow as tf

from hanlib.evidence.labeled_text import joined, labeled_sentences, labeled_words
from hanlib.evidence.spans import word_spans
from hanlib.serving.export_outputs import default_signature, labels_items
from hanlib.serving.scoring import ServedModel, loaded_export, served_path


class ServedItems:
    """An exported `SentenceClassifier` or `TokenClassifier`.

    Args:
        path: The folder of a SavedModel, or a folder with versions, of which the highest is loaded.

    Attributes:
        path: The `Path` of the SavedModel.
        item: "sentence" or "word".
        columns: The number of given columns of the words; with any, no texts are read.

    Raises:
        FileNotFoundError: If there is no SavedModel.
        ValueError: If it was not exported by hanlib, or labels documents.

    >>> ServedItems("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: `path` must hold a SavedModel, or versions of one. Received: nowhere
    """

    def __init__(self, path):
        self.path, self._loaded = loaded_export(path)
        inputs, outputs = default_signature(self.path)
        if not labels_items(self.path):
            raise ValueError(
                "`path` must be an export of a model of sentences or words. "
                f"Received: {self.path}, which returns {sorted(outputs)}"
            )
        self.item = "word" if "sentence_lengths" in outputs else "sentence"
        self.columns = sum(name.startswith("column_") for name in inputs)

    def annotate(self, documents):
        """The labels with the character spans of what they belong to.

        Args:
            documents: A list of texts, or of documents that are lists of sentences or words (with
                columns, of tuples of a word and its values).

        Returns:
            A list of `hanlib.evidence.LabeledText`.

        Raises:
            ValueError: If a word does not have a value for each column.
        """
        documents = list(documents)
        if not documents:
            return []
        split = not isinstance(documents[0], (str, bytes))
        if self.columns and not split:
            raise ValueError(
                f"`documents` must be lists of words with {self.columns} columns. Received: texts"
            )
        if split:
            name = "serving_default" if self.columns else "split"
            outputs = self._loaded.signatures[name](**self._split_inputs(documents))
        else:
            texts = [_utf8(text) for text in documents]
            outputs = self._loaded.signatures["serving_default"](text=tf.constant(texts))
        outputs = {name: values.numpy() for name, values in outputs.items()}
        classes = [name.decode() for name in outputs["classes"][0]]
        return [
            self._record(document, {name: v[index] for name, v in outputs.items()}, split, classes)
            for index, document in enumerate(documents)
        ]

    def _split_inputs(self, documents):
        width = max(map(len, documents))
        names = ["items", *(f"column_{n + 1}" for n in range(self.columns))]
        padded = np.full([len(names), len(documents), width], b"", object)
        for d, document in enumerate(documents):
            for i, item in enumerate(document):
                parts = item if self.columns else (item,)
                if len(parts) != len(names) or not all(isinstance(p, (str, bytes)) for p in parts):
                    raise ValueError(
                        f"`documents` must hold words with {self.columns} values. "
                        f"Received: {item!r:.80}"
                    )
                padded[:, d, i] = [_utf8(part) for part in parts]
        return {n: tf.constant(v, tf.string) for n, v in zip(names, padded, strict=True)}

    def _record(self, document, outputs, split, classes):
        count = int(outputs["counts"])
        items = [item.decode() for item in outputs["items"][:count]]
        labels = [label.decode() for label in outputs["labels"][:count]]
        chosen = [classes.index(label) for label in labels]
        sure = outputs["probabilities"][np.arange(count), chosen].tolist()
        if split:
            text, spans = joined([item[0] if self.columns else item for item in document][:count])
        else:
            text = document.decode("utf-8", "replace") if isinstance(document, bytes) else document
            spans = word_spans(text, items)
        if self.item == "sentence":
            return labeled_sentences(text, spans, labels, sure, classes)
        lengths = [int(n) for n in outputs["sentence_lengths"] if n]
        return labeled_words(text, spans, lengths, labels, sure, classes)


def load_export(path):
    """The `ServedModel` or `ServedItems` of an export.

    Raises:
        FileNotFoundError, ValueError: See there.
    """
    return ServedItems(path) if labels_items(served_path(path)) else ServedModel(path)


def _utf8(text):
    return text.encode("utf-8", "replace") if isinstance(text, str) else text
