"""Copies of a classifier with a further part: the logits of n-grams, or a rationale head."""


def with_part(classifier, **part):
    """A built copy of a classifier with one more part, that is not compiled.

    Args:
        classifier: A built `DocumentClassifier`.
        **part: An argument of its constructor, `ngrams` or `rationale`, and the layer.

    >>> from hanlib.layers import RationaleHead
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> classifier.build()
    >>> with_part(classifier, rationale=RationaleHead()).rationale.built
    True
    """
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
