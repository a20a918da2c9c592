"""Checks that an encoder reads the features of words that a vectorizer gives."""


def check_features(vectorizer, encoder):
    """Checks that the ids of a vectorizer carry the features that an encoder reads.

    Args:
        vectorizer: A `DocumentVectorizer`, or None.
        encoder: A `DocumentEncoder`.

    Raises:
        ValueError: If they do not.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN
    >>> check_features(DocumentVectorizer(word_case=True), HAN(9, feature_sizes=[8]))
    """
    if vectorizer is None:
        return
    given, read = list(vectorizer.feature_sizes), list(getattr(encoder, "feature_sizes", ()))
    if given != read:
        raise ValueError(
            "`encoder` must have the `feature_sizes` of the vectorizer, "
            f"{given}. Received: feature_sizes={read}"
        )
