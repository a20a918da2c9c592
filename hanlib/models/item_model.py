"""Batches of documents for models that label each sentence or each word."""

import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.data.item_batches import ItemBatches
from hanlib.data.token_arrays import offsets_of
from hanlib.data.token_batches import TokenBatches
from hanlib.models.split_documents import as_split_documents, tokens_of_split
from hanlib.models.targets import class_weights
from hanlib.models.text_model import TextModel
from hanlib.ops.token_batch import to_ragged

# Documents that are tokenized at once.
_CHUNK = 1024


class ItemModel(TextModel):
    """Base class of `ItemClassifier`: turns documents and their lists of labels into batches.

    A subclass has the attributes `item` ("sentence" or "word"), `vectorizer` and `_labels`.
    """

    item = None
    multi_label = False

    def item_counts(self, ids):
        """The number of items of each document of ragged ids."""
        if self.item == "word":
            return tf.reduce_sum(ids.row_lengths(axis=2), axis=1)
        return ids.row_lengths()

    def _batches(
        self,
        x,
        y=None,
        sample_weight=None,
        batch_size=None,
        class_weight=None,
        evidence=None,
        **options,
    ):
        options.pop("shuffle", None)
        if evidence is not None:
            raise ValueError(
                f"`evidence` must be None: {type(self).__name__} has no rationale head"
            )
        if not self._alone():
            raise ValueError(
                f"{type(self).__name__} must be trained on one device. Received: "
                f"{self.distribute_strategy.num_replicas_in_sync} replicas"
            )
        check_integer("batch_size", batch_size, allow_none=True)
        if isinstance(x, TokenBatches):
            if y is not None or sample_weight is not None or class_weight is not None:
                raise ValueError(
                    "`y`, `sample_weight` and `class_weight` must be left out with ItemBatches."
                )
            return x
        if sample_weight is not None:
            raise ValueError("`sample_weight` must be None; `class_weight` weighs the labels")
        return self.batches(x, y, batch_size or 32, class_weight, **options)

    def _batch(self, x, y=None, sample_weight=None, class_weight=None):
        """One batch of tensors, for `train_on_batch` and `test_on_batch`."""
        found = self._batches(x, y, sample_weight, class_weight=class_weight)
        x, y, *weights = found.batch(np.arange(found.documents))
        x = {name: tf.constant(part) for name, part in x.items()}
        return x, tf.constant(y), tf.constant(weights[0]) if weights else None

    def batches(self, x, y, batch_size=32, class_weight=None, **options):
        """The `ItemBatches` of documents and their labels, for `fit`.

        Args:
            x: See `fit`.
            y: One list of labels per document.
            batch_size, **options: See `hanlib.data.TokenBatches`.
            class_weight: See `fit`.
        """
        documents, _ = self._documents(x)
        if y is None or len(y) != len(documents) or not documents:
            came = "none" if y is None else f"{len(y)} lists for {len(documents)} documents"
            raise ValueError(
                f"`y` must have one list of labels for each document. Received: {came}"
            )
        tokens, counts, columns = self.tokens_of_documents(x)
        given = [len(labels) for labels in y]
        for index, (count, labels) in enumerate(zip(counts, given, strict=True)):
            if count != labels:
                raise ValueError(
                    f"`y` must have one label per {self.item}. Received: {labels} labels for the "
                    f"{count} {self.item}s of document {index}"
                )
        labels = [label for row in y for label in row]
        flat = self._labels.encode(labels) if labels else np.zeros([0], "int32")
        weights = class_weight and class_weights(class_weight, self._labels, flat)
        return ItemBatches(
            *(tokens, flat, counts, batch_size),
            columns=columns,
            item_weights=None if weights is None else np.asarray(weights, "float32")[flat],
            **options,
        )

    def _documents(self, x):
        return as_split_documents(x, self.item)

    def _words(self, documents):
        """Documents without the values of columns."""
        return documents

    def tokens_of_documents(self, x):
        """The tokens of documents, in flat arrays.

        Returns:
            `(ids, words_per_sentence, sentences_per_document)`; `<int>[docs]`, items per document;
            the features of words `<int32>[words, features]`, or None.
        """
        documents, split = self._documents(x)
        parts = []
        for start in range(0, max(len(documents), 1), _CHUNK):
            chunk = documents[start : start + _CHUNK]
            tokens = tokens_of_split(self.vectorizer, self._words(chunk), split, self.item)
            parts.append(self._flat(tokens, chunk))
        ids, words, sentences, *columns = map(np.concatenate, zip(*parts, strict=True))
        counts = sentences
        if self.item == "word":
            counts = np.diff(offsets_of(words)[offsets_of(sentences)])
        return (ids, words, sentences), counts, columns[0] if columns else None

    def _flat(self, tokens, documents):
        """The flat arrays of a `Tokens`."""
        return [part.numpy() for part in (tokens.ids, tokens.row_lengths, tokens.document_rows)]


def rows_of(batch):
    """The ragged ids `<int32>[docs, (sentences), (words)]` of a token batch."""
    return batch["ragged"] if "ragged" in batch else to_ragged(batch)
