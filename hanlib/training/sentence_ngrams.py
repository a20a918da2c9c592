"""The n-gram part of a `SentenceClassifier`: fitted after the network, weighed on validation."""

import itertools

import numpy as np
import tensorflow as tf

from hanlib.data import TokenCache
from hanlib.models.sentence_classifier import sentence_ngram_logits
from hanlib.training.mixing import MixingWeights, temperature
from hanlib.training.ngrams import fit_ngrams

# Factors of the logits of the network, and of those of n-grams, that are tried.
NETWORK, NGRAMS = (0.4, 0.6, 0.8, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0)
# Without validation documents.
_DEFAULT = MixingWeights(network=0.8, ngrams=0.5)


def add_sentence_ngrams(model, longest, train, validation, *, seed=0, progress=None):
    """Joins n-grams to a trained model of sentences.

    Each training sentence is a document for `fit_ngrams`. Its logits, at the temperature that is
    best out of fold, are added to those of the network, with the factors of `NETWORK` and `NGRAMS`
    that have the least loss on the validation documents.

    Args:
        model: The trained `SentenceClassifier`, without n-grams.
        longest: Words of the longest n-gram.
        train: The `ItemBatches` of the training documents.
        validation: The `ItemBatches` of the validation documents, or None.
        seed: Decides the folds.
        progress: See `hanlib.training.train`.

    Returns:
        The model with n-grams, not compiled, and a dict with what was found.
    """
    fitted = fit_ngrams(
        _sentences(train),
        len(model.classes),
        model.vectorizer.vocabulary_size,
        unknown_words=model.vectorizer.oov_buckets,
        max_ngram=longest,
        seed=seed,
        progress=progress,
    )
    targets = np.eye(len(model.classes))[train.labels]
    fitted.layer.scale(temperature(fitted.out_of_fold_logits, targets, True))
    right = fitted.out_of_fold_logits.argmax(axis=1) == train.labels
    record = {
        "longest": longest,
        "number": fitted.layer.ngrams,
        "strengths": fitted.strengths._asdict(),
        "out_of_fold_accuracy": float(right.mean()),
    }
    weights = _DEFAULT
    if validation is not None:
        losses = _losses(model, fitted.layer, validation)
        weights = min(losses, key=losses.get)
        record["loss"] = {"network": losses[MixingWeights(1.0, 0.0)], "both": losses[weights]}
    fitted.layer.scale(weights.ngrams)
    record["weights"] = weights._asdict()
    return model.with_ngrams(fitted.layer, weights.network), record


def _sentences(batches):
    """A `TokenCache` in which each sentence is a document."""
    ids, words, _ = batches.cache.flat(np.arange(batches.documents))
    ones = np.ones(len(words), np.int32)
    return TokenCache.build(
        enumerate(batches.labels.tolist()),
        lambda sentences: (ids, words, ones),
        encode_label=int,
        batch_size=max(len(words), 1),
    )


def _losses(model, layer, validation):
    """The loss per sentence on validation documents, a dict by `MixingWeights`."""
    network, ngrams, labels, lengths = [], [], [], []
    for batch, y in validation.dataset():
        logits, of_rows = model.logits(batch)
        network.append(logits)
        ngrams.append(sentence_ngram_logits(layer, batch))
        labels.append(tf.boolean_mask(y, y >= 0))
        lengths.append(of_rows)
    network, ngrams, labels, lengths = (
        tf.concat(part, axis=0) for part in (network, ngrams, labels, lengths)
    )
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    losses = {}
    for weights in itertools.starmap(MixingWeights, itertools.product(NETWORK, NGRAMS)):
        logits = weights.logits(network, ngrams)
        if model.crf is None:
            losses[weights] = float(tf.reduce_mean(entropy(labels, logits)))
        else:
            losses[weights] = float(model.crf.loss(labels, logits, lengths)) / len(labels)
    return losses
