"""Fitting the linear n-gram part of a classifier."""

from typing import NamedTuple

import numpy as np

from hanlib.layers import NGramLinear
from hanlib.training.errors import TrainingError
from hanlib.training.latent_directions import WIDTH, latent_directions
from hanlib.training.linear_fit import LinearFit, Strengths
from hanlib.training.mixing import as_columns
from hanlib.training.ngram_counts import frequent_ngrams, presence_matrix
from hanlib.training.strength_search import StrengthSearch

# Strengths of the prior that are tried: the variance of a weight on an NB-weighted feature.
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# The same for the weight of a latent direction.
LATENT_STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)
# With more documents with labels there are no latent directions: their coordinates take 800 bytes
# per document, and the labels say enough.
MOST_LATENT_DOCUMENTS = 100_000
# With many classes fewer n-grams are kept. L-BFGS holds twenty vectors of float64 as long as these.
MAX_WEIGHTS = 3_000_000


class FittedNGrams(NamedTuple):
    """What `fit_ngrams` returns.

    Attributes:
        layer: the `NGramLinear` with its weights.
        out_of_fold_logits: `<float32>[docs, classes]`, for each training document the logits of a
            model that was fitted without it.
        strengths: the chosen `Strengths`, the variances of the priors.
        losses: for each `Strengths` tried the mean out-of-fold loss per document, in nats, at the
            best temperature.

    >>> FittedNGrams._fields
    ('layer', 'out_of_fold_logits', 'strengths', 'losses')
    """

    layer: NGramLinear
    out_of_fold_logits: np.ndarray
    strengths: Strengths
    losses: dict


def fit_ngrams(
    tokens,
    classes,
    vocabulary_size,
    *,
    multi_label=False,
    labels=None,
    weights=None,
    unlabelled=None,
    unknown_words=1,
    max_ngram=3,
    min_documents=2,
    max_ngrams=300_000,
    strengths=STRENGTHS,
    latent_strengths=LATENT_STRENGTHS,
    folds=5,
    seed=0,
    progress=None,
):
    """Fits a logistic regression on which n-grams occur in a document.

        z = b + sum_g r_g u_g + sum_j D[g, j] v_j        over the distinct n-grams g of the document
        loss = sum_d cross-entropy + |u|^2 / (2 s) + |v|^2 / (2 t)

    r_g is the log-ratio of naive Bayes: how much more often g is in documents of the class than in
    the others, with one document added (Wang and Manning, ACL 2012, P12-2018). D are the latent
    directions of the documents, with and without labels (see
    `hanlib.training.latent_directions`): with few labels most of what is learned is learned
    there. Both are weights of n-grams, so the layer holds their sum. Classes have a softmax
    together, or with `multi_label` a sigmoid each. The bias is drawn towards the share of the
    class, instead of towards 0, so that a class of few documents is not overestimated.

    The variances s and t are those with the least out-of-fold loss at its best temperature; the
    temperature is what `mixing_weights` finds anyway. From 5,000 documents on, they are chosen on
    the first fold alone, and with more than 20 labels per document on the most frequent of these
    (see `hanlib.training.strength_search`).

    Memory: 8 bytes for each distinct known n-gram of each document, some 200 for each weight, and
    what the counts need (see `hanlib.training.ngram_counts`); ids may stay on disk.

    Args:
        tokens: a `hanlib.data.TokenCache` of the training documents.
        classes: number of classes.
        vocabulary_size: number of word ids, as `DocumentVectorizer.vocabulary_size`.
        multi_label: whether a document has any number of classes.
        labels: soft labels `<float>[docs, classes]` (probabilities) in place of `tokens.labels`.
        weights: weights of the documents in the loss, `<float>[docs]`, or with `multi_label` also
            `[docs, classes]`; None: 1.
        unlabelled: a `TokenCache` of further documents, whose labels do not count. Their n-grams
            are counted too, and the latent directions are those of all documents.
        unknown_words: `oov_buckets` of the vectorizer; see `NGramLinear`.
        max_ngram: words of the longest n-gram; characters of it where the words of the vectorizer
            are characters, as in Chinese.
        min_documents: n-grams of fewer documents are left out.
        max_ngrams: maximum number of n-grams; fewer if they would have over `MAX_WEIGHTS` weights.
        strengths: values of s to try, in increasing order. The search starts in the middle, and
            goes on in both directions while the loss falls.
        latent_strengths: the same for t; empty, or with more than `MOST_LATENT_DOCUMENTS` documents
            with labels: no latent directions.
        folds: number of folds.
        seed: decides which documents form a fold.
        progress: called with `(phase, done, total)`, in documents; such as a `ProgressLine`.

    Returns:
        `FittedNGrams`.

    Raises:
        TrainingError: an argument is out of range.

    >>> from hanlib.data import TokenCache
    >>> ids = {"good": 2, "bad": 3, "film": 4}
    >>> def vectorize(texts):  # one sentence a text
    ...     words = [[ids[word] for word in text.split()] for text in texts]
    ...     return sum(words, []), [len(row) for row in words], [1] * len(texts)
    >>> examples = [("good film", 1), ("bad film", 0)] * 10
    >>> cache = TokenCache.build(examples, vectorize, encode_label=int)
    >>> fitted = fit_ngrams(cache, classes=2, vocabulary_size=5)
    >>> fitted.out_of_fold_logits.argmax(axis=1).tolist() == cache.labels.tolist()
    True
    >>> int(fitted.layer.logits([2, 4], [2], [1]).numpy().argmax())
    1
    """
    _check(tokens, folds, strengths, latent_strengths)
    report = progress or (lambda phase, done, total: None)
    targets = _targets(tokens.labels if labels is None else labels, classes, multi_label)
    columns = targets.shape[1]
    sources = [tokens] if unlabelled is None else [tokens, unlabelled]
    documents = sum(source.documents for source in sources)
    keys = frequent_ngrams(
        sources,
        vocabulary_size,
        max_ngram,
        unknown_words,
        min_documents,
        min(max_ngrams, max(MAX_WEIGHTS // columns, 1)),
        lambda done: report("counting n-grams", done, documents),
    )
    layer = NGramLinear(len(keys), classes, vocabulary_size, max_ngram, unknown_words)
    layer.keys.assign(keys)
    present = presence_matrix(
        sources, layer, lambda done: report("finding n-grams", done, documents)
    )
    if tokens.documents > MOST_LATENT_DOCUMENTS:
        latent_strengths = ()
    directions = None
    if len(latent_strengths):
        directions = _directions(present, seed, report)
    if unlabelled is not None:
        present = present[: tokens.documents]
    problem = LinearFit(present, targets, columns > 1 and not multi_label, directions)
    if weights is None:
        weights = np.ones(tokens.documents)
    weights = as_columns(weights).astype(np.float32)
    grid = (strengths, latent_strengths)
    chosen = StrengthSearch(problem, weights, grid, folds, seed, report).run()
    report("fitting n-grams", 0, tokens.documents)
    kernel, bias, _ = problem.fit(weights, chosen.best)
    report("fitting n-grams", tokens.documents, tokens.documents)
    two = columns < classes
    layer.assign(keys, *(_both_classes(part) if two else part for part in (kernel, bias)))
    logits = _both_classes(chosen.logits) if two else chosen.logits
    return FittedNGrams(layer, logits, chosen.best, chosen.losses)


def _directions(present, seed, report):
    documents = present.shape[0]

    def progress(products):
        # How many there will be is not known; it was four to six per direction.
        report("latent directions", int(min(products / (5 * WIDTH), 0.99) * documents), documents)

    directions = latent_directions(present, seed=seed, progress=progress)
    report("latent directions", documents, documents)
    return directions


def _targets(labels, classes, multi_label):
    """`<float32>[docs, columns]`: one column where a document has one of two classes."""
    labels = np.asarray(labels)
    if labels.ndim == 1:
        if multi_label:
            raise TrainingError(
                "`labels` must be <float>[docs, classes] with `multi_label`. Received: shape "
                f"{labels.shape}"
            )
        labels = np.eye(classes, dtype=np.float32)[labels]
    if labels.ndim != 2 or labels.shape[1] != classes:
        raise TrainingError(
            f"`labels` must have {classes} columns, one per class. Received: shape {labels.shape}"
        )
    labels = labels.astype(np.float32)
    return labels[:, 1:] if classes == 2 and not multi_label else labels


def _both_classes(second):
    """Logits of two classes under a softmax, from the one of the second under a sigmoid."""
    return np.concatenate([-second / 2, second / 2], axis=-1)


def _check(tokens, folds, strengths, latent_strengths):
    if tokens.documents == 0:
        raise TrainingError("`tokens` must hold at least one document. Received: none")
    if folds < 2:
        raise TrainingError(f"`folds` must be at least 2. Received: folds={folds}")
    if not len(strengths) or min(strengths) <= 0:
        raise TrainingError(
            f"`strengths` must be positive numbers. Received: strengths={strengths!r}"
        )
    if min(latent_strengths, default=1) <= 0:
        raise TrainingError(
            "`latent_strengths` must be positive numbers. Received: "
            f"latent_strengths={latent_strengths!r}"
        )
