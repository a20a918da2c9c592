"""The n-gram part of a classifier: fitted after the network, and mixed with it on validation."""

import time

import numpy as np
from scipy.special import expit

from hanlib.data import TokenShards
from hanlib.layers.ngram_keys import check_key_range
from hanlib.ops.model_graph import model_graph
from hanlib.ops.token_batch import to_ragged
from hanlib.training.characters import words_are_characters
from hanlib.training.mixing import SHARES, MixingWeights, as_columns, mixing_weights, temperature
from hanlib.training.ngrams import fit_ngrams
from hanlib.training.progress import silent
from hanlib.training.settings import RecipeError
from hanlib.training.thresholds import best_threshold, label_thresholds, micro_f1

# Words of the longest n-gram, where words are words and where they are characters.
OF_WORDS, OF_CHARACTERS = 3, 4
# Documents on disk are a random sample, if they have more words: memory holds the n-grams of each.
MOST_WORDS = 20_000_000


def longest_ngram(given, vectorizer):
    """The number of words of the longest n-gram, for the field `ngrams` of a recipe.

    Args:
        given: The number, 0 for no n-grams, or None: 3, or 4 where most words are characters, as
            in Chinese; fewer where the vocabulary is so large that the keys would not fit.
        vectorizer: The adapted `DocumentVectorizer`.

    Raises:
        RecipeError: The vocabulary is too large for n-grams of the given length.
    """
    if given is not None:
        try:
            check_key_range(vectorizer.vocabulary_size, given)
        except ValueError as error:
            raise RecipeError(f"`ngrams` is too large: {error}") from None
        return given
    words = vectorizer.get_vocabulary()[1 + vectorizer.oov_buckets :]
    longest = OF_CHARACTERS if words_are_characters(words) else OF_WORDS
    while vectorizer.vocabulary_size**longest >= 2**63:
        longest -= 1
    return longest


def add_ngrams(
    classifier,
    longest,
    train,
    validation,
    *,
    unlabelled=None,
    seed=0,
    weigh=None,
    progress=silent,
):
    """Joins n-grams to a trained classifier.

    The n-grams are fitted on the training documents: of `TokenShards` on a random sample of at most
    `MOST_WORDS` words. How much they and the network count is fitted on the validation documents
    (see `mixing_weights`). Without those they have the shares that `mixing_weights` starts from,
    and the n-grams have the temperature that is best out of fold.

    Args:
        classifier: The trained `DocumentClassifier`, without n-grams.
        longest: Words of the longest n-gram.
        train: The `TokenCache` or `TokenShards` of the training documents.
        validation: The `TokenBatches` of the validation documents, or None.
        unlabelled: The `TokenCache` or `TokenShards` of documents without labels, or None; see
            `fit_ngrams`.
        seed: Decides the folds.
        weigh: Function from encoded labels to the weights of the documents, or to None.
        progress: See `hanlib.training.train`.

    Returns:
        The classifier with n-grams, not compiled, and a dict with what was found.
    """
    began, multi_label = time.monotonic(), classifier.multi_label
    weigh = weigh or (lambda labels: None)
    train = _in_memory(train, seed, progress)
    weights = weigh(train.labels)
    fitted, record = _fit(classifier, longest, train, unlabelled, seed, weights, progress)
    if validation is None:
        logits = fitted.out_of_fold_logits
        best = _temperature(logits, train.labels, multi_label, weigh(train.labels))
        mixed = MixingWeights(network=SHARES[0], ngrams=SHARES[1] * best)
    else:
        network, ngrams, labels = logits_of_parts(classifier, fitted.layer, validation, progress)
        mixed = mixing_weights(network, ngrams, labels, multi_label, weigh(labels))
        parts = {"network": network, "ngrams": ngrams, "both": mixed.logits(network, ngrams)}
        record["validation"] = {
            name: _score(logits, labels, multi_label) for name, logits in parts.items()
        }
    fitted.layer.scale(mixed.ngrams)
    joined = classifier.with_ngrams(fitted.layer, network=mixed.network)
    if validation is not None and multi_label:
        probabilities = expit(parts["both"])
        joined.thresholds = label_thresholds(labels, probabilities).tolist()
        given = probabilities >= np.array(joined.thresholds)
        record["validation"]["both"] = micro_f1(labels > 0.5, given)
    record.update(weights=mixed._asdict(), seconds=round(time.monotonic() - began, 2))
    return joined, record


def ngrams_alone(
    classifier,
    longest,
    train,
    validation,
    *,
    unlabelled=None,
    seed=0,
    weigh=None,
    progress=silent,
):
    """Replaces the network of a classifier by n-grams: its logits are multiplied by zero.

    The n-grams have the temperature that is best out of fold. With several labels per document, the
    threshold of all labels is the one with the greatest micro-F1 on validation.

    Args:
        classifier, longest, train, validation, unlabelled, seed, weigh, progress: See `add_ngrams`.

    Returns:
        The classifier, not compiled, and a dict with what was found, of which `loss` and `score`
        are out of fold.
    """
    began, multi_label = time.monotonic(), classifier.multi_label
    train = _in_memory(train, seed, progress)
    weights = None if weigh is None else weigh(train.labels)
    fitted, record = _fit(classifier, longest, train, unlabelled, seed, weights, progress)
    logits = fitted.out_of_fold_logits
    best = _temperature(logits, train.labels, multi_label, weights)
    fitted.layer.scale(best)
    alone = classifier.with_ngrams(fitted.layer, network=0.0)
    if multi_label and validation is not None:
        _, logits, labels = logits_of_parts(classifier, fitted.layer, validation, progress)
        alone.thresholds = [best_threshold(labels, expit(logits))[0]] * len(classifier.classes)
    record["score"] = _score(fitted.out_of_fold_logits, train.labels, multi_label)
    record["loss"] = float(fitted.losses[fitted.strengths]) if fitted.losses else None
    record["seconds"] = round(time.monotonic() - began, 2)
    return alone, record


def _in_memory(train, seed, progress):
    """The documents that n-grams are counted in, as a `TokenCache`."""
    if not isinstance(train, TokenShards):
        return train
    sample = train.sample(MOST_WORDS, seed)
    if sample is not train:
        progress.note(
            f"n-grams are counted in {sample.documents:,} of {train.documents:,} documents"
        )
    return sample.load()


def _fit(classifier, longest, train, unlabelled, seed, weights, progress):
    """`FittedNGrams` of the training documents, and a dict that describes them."""
    if unlabelled is not None:
        unlabelled = _in_memory(unlabelled, seed, progress)
    fitted = fit_ngrams(
        train,
        len(classifier.classes),
        classifier.vectorizer.vocabulary_size,
        multi_label=classifier.multi_label,
        labels=train.labels,
        weights=weights,
        unlabelled=unlabelled,
        unknown_words=classifier.vectorizer.oov_buckets,
        max_ngram=longest,
        seed=seed,
        progress=progress,
    )
    record = {"longest": longest, "number": fitted.layer.ngrams}
    record.update(strengths=fitted.strengths._asdict(), documents=train.documents)
    return fitted, record


def _temperature(logits, labels, multi_label, weights):
    """The best factor on out-of-fold logits."""
    targets = np.eye(logits.shape[1])[labels] if np.ndim(labels) == 1 else labels
    return temperature(logits, targets, not multi_label, as_columns(weights))


def logits_of_parts(classifier, layer, validation, progress=silent):
    """The logits of network and n-grams and the labels of all documents, `[docs, ...]` each."""

    def both(batch):
        ids = to_ragged(batch)
        return classifier.logits(classifier.encoder(ids, training=False)), layer(ids)

    both, parts, done = model_graph(both), [], 0
    for batch, labels in validation.dataset():
        parts.append((*both(batch), labels))
        done += len(labels)
        progress("mixing network and n-grams", done, validation.documents)
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _score(logits, labels, multi_label):
    """Accuracy; with several labels per document, micro-F1 at the best threshold for all labels."""
    if multi_label:
        return best_threshold(labels, expit(logits))[1]
    return float((logits.argmax(axis=1) == labels).mean())
