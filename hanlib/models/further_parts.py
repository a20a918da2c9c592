"""Further parts of a classifier: the logits of n-grams, and a rationale head."""

import tensorflow as tf

from hanlib.layers import RationaleHead
from hanlib.ops.token_batch import has_marks, marks_of, to_ragged


class FurtherParts:
    """The methods of `DocumentClassifier` for n-grams and a rationale head."""

    def with_ngrams(self, ngrams, network=1.0):
        """A copy of this classifier that adds the logits of n-grams to its own.

        Args:
            ngrams: A fitted `hanlib.layers.NGramLinear`; it becomes a part of the copy.
            network: Factor on the logits of this classifier, such as `MixingWeights.network` (see
                `hanlib.training.mixing_weights`). For a factor on those of the n-grams, call
                `ngrams.scale` first.

        Returns:
            A built `DocumentClassifier` that is not compiled. The weights are copies.

        Raises:
            ValueError: If the classes or the vocabulary size of `ngrams` are others.
        """
        copy = _copy_with(self, ngrams=ngrams)
        copy._scale_head(network)
        return copy

    def _require_rationale_head(self):
        """Makes a rationale head, which is only possible before the model is built."""
        if self.rationale is None and self.built:
            raise ValueError(
                "`evidence` needs a classifier with a rationale head: "
                "`classifier.with_rationale()` gives a copy that has one and must be compiled. "
                "Received: a built classifier without one"
            )
        if self.rationale is None:
            self.rationale = RationaleHead()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        weight = 0.0 if self.rationale is None else self.rationale.sufficiency_weight
        if training and weight and has_marks(x):
            loss += weight * self._loss_of_marked_words(x, y, sample_weight)
        return loss

    def _loss_of_marked_words(self, x, y, sample_weight):
        """The mean loss of the labels that are predicted from the marked words alone."""
        ids = to_ragged(x)
        marked = tf.ragged.boolean_mask(ids, ids.with_flat_values(marks_of(x) > 0))
        some = marked.merge_dims(1, 2).row_lengths() > 0
        weights = tf.cast(some, tf.float32)
        if sample_weight is not None:
            weights *= tf.cast(sample_weight, tf.float32)
        ngrams = None if self.ngrams is None else self.ngrams(marked)
        vectors = self.encoder(marked, training=True)
        return self._compile_loss(y, self.classify(vectors, ngrams, training=True), weights)

    def with_rationale(self, rationale=None):
        """A copy of this classifier with a rationale head, for `fit(.., evidence=..)`.

        Args:
            rationale: A `hanlib.layers.RationaleHead`; None for one with the default arguments.

        Returns:
            A built `DocumentClassifier` that is not compiled. The weights are copies.

        Raises:
            ValueError: If the encoder has no attention.
        """
        return _copy_with(self, rationale=RationaleHead() if rationale is None else rationale)


def _copy_with(classifier, **part):
    """A built copy that has one more part, which is an argument of the constructor."""
    copy = type(classifier).from_config({**classifier.get_config(), **part})
    copy.build()
    for name in ("encoder", "ngrams", "rationale", "head"):
        old, new = getattr(classifier, name), getattr(copy, name)
        if old is not None and name not in part:
            new.set_weights(old.get_weights())
    if copy.head is None:
        copy.kernel.assign(classifier.kernel)
        copy.bias.assign(classifier.bias)
    return copy
