"""Further parts of a classifier: the logits of n-grams, and a rationale head."""

from hanlib.layers import RationaleHead


class FurtherParts:
    """The methods of `DocumentClassifier` that make a copy with a further part."""

    def _scale_head(self, factor):
        for weight in self.head.weights if self.head is not None else (self.kernel, self.bias):
            weight.assign(weight * factor)

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
