"""Training that starts from the weights of a trained model, on further texts."""

import hashlib

import numpy as np

from hanlib.layers import DocumentVectorizer
from hanlib.training.errors import TrainingError

# What the ids of words depend on.
_SAME = ("oov_buckets", "lowercase", "word_case")


def check(start, corpus, recipe):
    """Raises `TrainingError` where a classifier cannot start a run on the corpus."""
    if list(start.classes) != list(corpus.classes) or start.multi_label != corpus.multi_label:
        kind = {True: "any number of labels", False: "one label"}
        raise TrainingError(
            "`start` must have the classes of the corpus: "
            f"{_listed(corpus.classes)} ({kind[corpus.multi_label]} a document). "
            f"Received: {_listed(start.classes)} ({kind[start.multi_label]})"
        )
    if recipe.vectors is not None:
        raise TrainingError(
            "`vectors` must be none for a run that starts from a model, which has word vectors. "
            f"Received: {recipe.vectors}"
        )
    if start.vectorizer is None:
        raise TrainingError("`start` must have a vectorizer. Received: a classifier without one")
    for name in _SAME:
        if getattr(start.vectorizer, name) != getattr(recipe, name):
            raise TrainingError(
                f"`{name}` must be {getattr(start.vectorizer, name)}, as in the model that the "
                f"run starts from. Received: {getattr(recipe, name)}"
            )


def grown_vectorizer(start, vectorizer):
    """The vectorizer of `start` with the words of an adapted one added behind its own.

    Old words keep their ids. New ones, most frequent first, are added as far as `max_tokens` of
    `vectorizer` allows.
    """
    old = start.vectorizer.get_vocabulary()
    special = 1 + start.vectorizer.oov_buckets
    new = [word for word in vectorizer.get_vocabulary()[special:] if word not in set(old)]
    room = max(vectorizer.max_tokens - len(old), 0)
    config = {
        **start.vectorizer.get_config(),
        "max_tokens": max(vectorizer.max_tokens, len(old)),
        "min_count": vectorizer.min_count,
        "max_sentence_words": vectorizer.max_sentence_words,
        "vocabulary": old[special:] + new[:room],
    }
    return DocumentVectorizer.from_config(config)


def copy_weights(start, classifier):
    """Gives a built classifier the weights of `start`; rows of further words stay as they are.

    The n-grams of `start` are left out: a run fits its own. So is a rationale head that only one of
    them has.

    Raises:
        TrainingError: their encoders are not alike.
    """
    given, expected = _beside(classifier), _beside(start)
    if given != expected:  # With the mean or the maximum the weights are of the same shapes.
        raise TrainingError(
            f"`beside` must be {expected}, as in the model that the run starts from. "
            f"Received: {given}"
        )
    network, weights = _network_weights(start, classifier), _network_weights(classifier, start)
    pairs = list(zip(network, weights, strict=False))
    words = start.vectorizer.vocabulary_size, classifier.vectorizer.vocabulary_size
    for old, new in pairs:
        grown = old.shape == (words[0], *new.shape[1:]) and new.shape[0] == words[1]
        if len(network) != len(weights) or not (grown or old.shape == new.shape):
            raise TrainingError(
                "the encoder of the recipe must be that of the model that the run starts from. "
                f"Received: weights of shape {tuple(new.shape)} for {old.path} of shape "
                f"{tuple(old.shape)}"
            )
    for old, new in pairs:
        further = new.numpy()[old.shape[0] :]
        new.assign(np.concatenate([old.numpy(), further]))


def digest(start):
    """A digest of a classifier's vocabulary and weights."""
    hashed = hashlib.blake2b("\n".join(start.vectorizer.get_vocabulary()).encode(), digest_size=16)
    for weight in start.weights:
        hashed.update(weight.numpy().tobytes())
    return hashed.hexdigest()


def _network_weights(classifier, other):
    """The weights without the n-grams, and without a rationale head that `other` does not have."""
    left_out = [] if classifier.ngrams is None else list(classifier.ngrams.weights)
    if classifier.rationale is not None and other.rationale is None:
        left_out += classifier.rationale.weights
    left_out = {id(weight) for weight in left_out}
    return [weight for weight in classifier.weights if id(weight) not in left_out]


def _beside(classifier):
    """The field `beside` of the recipe of a classifier's encoder."""
    return "+".join(classifier.encoder.get_config().get("beside") or ["none"])


def _listed(classes):
    return ", ".join(map(str, classes[:10])) + (", ..." if len(classes) > 10 else "")
