"""Batches of tensors for a model, from the documents and labels that Keras users pass."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.data.token_batches import TokenBatches
from hanlib.layers import documents, word_columns
from hanlib.losses import MultiLabelCrossentropy
from hanlib.models import batches, replicas
from hanlib.models.marked_evidence import marks_of_texts
from hanlib.models.targets import class_weights, document_weights, in_form
from hanlib.ops.model_graph import model_graph


class BatchedModel(keras.Model):
    """Base class of `TextModel`: turns documents and labels into batches.

    A subclass has the attributes `vectorizer` (a `DocumentVectorizer` or None), `_labels` (a
    `Labels`) and `multi_label`, and its `compile` sets `_form`, the form of the targets (see
    `hanlib.models.targets.form_of_targets`).
    """

    _form = None

    def build_metrics(self, labels):
        """Makes the variables of the metrics, which Keras makes in the first step.

        Args:
            labels: Some encoded labels, in the form in which they will come.
        """
        y = tf.convert_to_tensor(labels[:1])
        p = tf.zeros([1, len(self._labels)])
        with self.distribute_strategy.scope():
            metrics = (self.compute_metrics, (None, y, p, None))
            run = tf.function(lambda: self.distribute_strategy.run(*metrics), autograph=False)
            run.get_concrete_function()

    def as_documents(self, x):
        """Documents of any type as one tensor: strings, or ids where they are split into words."""
        if word_columns.is_split(x):
            if self.vectorizer is None:
                raise ValueError(
                    "`x` must hold ids: this classifier has no vectorizer. Received: words"
                )
            return self.vectorizer.ids(x)
        return documents.as_documents(x)

    def _alone(self):
        """Whether one device does all the work."""
        return self.distribute_strategy.num_replicas_in_sync == 1

    def _plain(self, dataset):
        return dataset if self._alone() else batches.plain(dataset)

    def _batches(
        self,
        x,
        y=None,
        sample_weight=None,
        batch_size=None,
        class_weight=None,
        shuffle=False,
        evidence=None,
        **options,
    ):
        """`TokenBatches`, or a dataset where documents do not lie in memory as strings."""
        if isinstance(x, (tf.data.Dataset, TokenBatches)) and (
            y is not None or sample_weight is not None
        ):
            raise ValueError(
                "`y` and `sample_weight` must be left out with a tf.data.Dataset or TokenBatches."
            )
        check_integer("batch_size", batch_size, allow_none=True)
        if isinstance(x, TokenBatches):
            if class_weight is not None:
                raise ValueError(
                    "`class_weight` must be None with TokenBatches; give them `weights`. "
                    f"Received: class_weight={class_weight}"
                )
            return self._checked_batches(x)
        if isinstance(x, tf.data.Dataset):
            weights = class_weight and class_weights(class_weight, self._labels)
            dataset = batches.from_dataset(x, batch_size)
            return batches.prepare(dataset, self._vectorize, self._encoder(weights))
        x = self.as_documents(x)
        batches.check_lengths(x, y=y, sample_weight=sample_weight)
        y, weights = self._targets_and_weights(y, sample_weight, class_weight)
        if not documents.length_of(x):
            raise ValueError("`x` must hold at least one document. Received: none")
        if y is not None:
            found = batches.token_batches(
                *(x, y, self._vectorize, batch_size),
                evidence=evidence,
                mark=lambda texts, some: marks_of_texts(self.vectorizer, texts, some),
                weights=weights,
                **options,
            )
            if found is not None:
                return self._checked_batches(found)
        return self._plain(batches.slices(x, y, weights, batch_size, shuffle))

    def batches(self, x, y, batch_size=32, class_weight=None, **options):
        """The `TokenBatches` of documents and their labels, for `fit`.

        Args:
            x, y, class_weight: See `fit`.
            batch_size, **options: See `hanlib.data.TokenBatches`.
        """
        return self._batches(x, y, None, batch_size, class_weight, **options)

    def _checked_batches(self, found):
        if not self._alone():
            self.build_metrics(found.some_labels)
        return found

    def _dataset(self, data, steps=None):
        """The dataset of batches, and the number of steps in an epoch; None: all of it."""
        if not isinstance(data, TokenBatches):
            return data, steps
        if self._alone():
            return data.dataset(), steps
        return replicas.distribute(self.distribute_strategy, data), steps or data.steps

    def _split(self, x, y, sample_weight, evidence, share, validation_data):
        """The last share of the documents for validation, as Keras does it."""
        if validation_data is not None or isinstance(x, (tf.data.Dataset, TokenBatches)):
            raise ValueError(
                "`validation_split` needs arrays and no `validation_data`. "
                f"Received: validation_split={share}, x={type(x).__name__}"
            )
        first = round(len(y) * (1 - share))
        parts = [x, y, sample_weight]
        kept = [None if part is None else part[:first] for part in [*parts, evidence]]
        return kept, [part[first:] for part in parts if part is not None]

    def _batch(self, x, y=None, sample_weight=None, class_weight=None):
        """One batch of tensors."""
        x = self.as_documents(x)
        batches.check_lengths(x, y=y, sample_weight=sample_weight)
        y, weights = self._targets_and_weights(y, sample_weight, class_weight)
        return x, None if y is None else tf.convert_to_tensor(y), weights

    def _targets_and_weights(self, y, sample_weight, class_weight):
        if y is None:
            return None, sample_weight
        y = self._labels.encode(y)
        weights = class_weight and class_weights(class_weight, self._labels, y)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight, "float32")
        weights = self._document_weights(weights, y, sample_weight)
        return in_form(
            y, self._form, len(self._labels)
        ), None if weights is None else weights.numpy()

    def _encoder(self, weights):
        """The function of a batch of labels, and weights, in a dataset."""

        def encode(y, sample_weight=None):
            y = self._labels.encode_tensor(y)
            weighted = self._document_weights(weights, y, sample_weight)
            y = in_form(y, self._form, len(self._labels))
            return (y,) if weighted is None else (y, weighted)

        return encode

    def _document_weights(self, weights, y, sample_weight):
        if (
            weights is not None
            and self.multi_label
            and not isinstance(self.loss, MultiLabelCrossentropy)
        ):
            raise ValueError(
                "`class_weight` of a multi-label classifier needs the loss MultiLabelCrossentropy. "
                f"Received: loss={self.loss!r}"
            )
        return document_weights(weights, y, sample_weight, self.multi_label)

    def _vectorize(self, texts):
        """Strings to ids, by one graph that is traced once."""
        if self.vectorizer is None:
            raise ValueError(
                "`x` must hold ids: this classifier has no vectorizer. Received: strings"
            )
        if not hasattr(self, "_vectorizer_graph"):
            self._vectorizer_graph = model_graph(self.vectorizer, tf.TensorSpec([None], tf.string))
        return self._vectorizer_graph(tf.reshape(texts, [-1]))
