"""The initial word vectors of a run: learned from its texts, or read from a file."""

import dataclasses
from pathlib import Path

import numpy as np

from hanlib import embeddings
from hanlib.data import TokenShards
from hanlib.training.errors import TrainingError
from hanlib.training.kept_arrays import kept_arrays
from hanlib.training.settings import RecipeError

OWN = "own"
_DOCUMENTS = 1_000
# Vectors are learned from a sample of the documents on disk, if these have more words.
MOST_WORDS = 200_000_000


def with_width(recipe):
    """The recipe in which `embedding_dim` is the width of the file of vectors, if it names one.

    Raises:
        TrainingError: no such file, or a package is missing.
        RecipeError: the recipe asks for another width.
    """
    if recipe.vectors is None:
        return recipe
    if recipe.vectors == OWN:
        _check_gensim(recipe)
        return recipe
    width = _read(embeddings.vector_width, recipe.vectors)
    if recipe.embedding_dim not in (None, width):
        raise RecipeError(
            f"`embedding_dim` must be {width}, the width of the vectors in {recipe.vectors}. "
            f"Received: {recipe.embedding_dim}"
        )
    return dataclasses.replace(recipe, embedding_dim=width)


def find_vectors(recipe, vectorizer, width, caches, checkpoint, progress):
    """The vectors of the vocabulary's words; kept in the checkpoint, for a run that is resumed.

    Args:
        recipe: a `Recipe` with `vectors`.
        vectorizer: the adapted `DocumentVectorizer`.
        width: size of a vector.
        caches: `TokenCache`s of the texts to learn from.
        checkpoint: a `Checkpoint` that was started.
        progress: see `hanlib.training.train`.

    Returns:
        `hanlib.embeddings.WordVectors`.
    """

    def find():
        if recipe.vectors == OWN:
            return _learn(recipe, vectorizer.vocabulary_size, width, caches, progress)
        words = vectorizer.get_vocabulary()
        words = ["" if row <= recipe.oov_buckets else word for row, word in enumerate(words)]
        return _read(
            embeddings.read_vectors,
            *(recipe.vectors, words),
            lowercase=recipe.lowercase,
            progress=lambda done: progress("reading word vectors", done),
        )

    return kept_arrays(checkpoint.directory / "vectors.npz", embeddings.WordVectors, find)


def bounded(tokens, seed, progress, most=MOST_WORDS, what="word vectors"):
    """The documents to learn vectors from: all, or of `TokenShards` a sample of `most` words."""
    if not isinstance(tokens, TokenShards) or tokens.words <= most:
        return tokens
    sample = tokens.sample(most, seed)
    progress.note(f"{what} are learned from {sample.documents:,} of {tokens.documents:,} documents")
    return sample


def describe(found, recipe, train, progress):
    """The record of vectors: where they come from, and how many words have one."""
    counts = word_counts(train, len(found.known))
    words = np.ones(len(counts))
    words[: 1 + recipe.oov_buckets] = 0
    record = {
        "source": recipe.vectors,
        "width": found.vectors.shape[1],
        "vocabulary_covered": round(found.coverage(words), 4),
        "training_words_covered": round(found.coverage(counts), 4),
    }
    progress.note(
        f"word vectors: {record['vocabulary_covered']:.1%} of the vocabulary, "
        f"{record['training_words_covered']:.1%} of the words of the training texts"
    )
    if not found.known.any():
        raise TrainingError(f"{recipe.vectors} has no vector of any word of the vocabulary")
    return record


def word_counts(cache, size):
    """How often each word occurs, `<int64>[size]`; see `blocks`."""
    counts = np.zeros(size, np.int64)
    for ids, _ in blocks(cache, size):
        counts += np.bincount(ids, minlength=size)
    return counts


def blocks(cache, size):
    """The documents as `(ids, lengths)`, some at a time, laid end to end.

    Args:
        cache: a `TokenCache`, or `TokenShards`.
        size: the number of word ids; features that the ids carry are left out.
    """
    for tokens in (part.load() for part in cache.rounds()):
        for start in range(0, tokens.documents, _DOCUMENTS):
            indexes = np.arange(start, min(start + _DOCUMENTS, tokens.documents))
            yield tokens.flat(indexes)[0] % size, tokens.lengths[indexes]


def _learn(recipe, size, width, caches, progress):
    total = sum(cache.documents for cache in caches)

    def texts():
        return (block for cache in caches for block in blocks(cache, size))

    def report(done):
        progress("learning word vectors", done, total)
        if done >= total:
            progress.stage("decomposing the counts of word pairs")

    if recipe.vectors_method == "svd":
        return embeddings.ppmi_vectors(texts(), size, width, seed=recipe.seed, progress=report)
    passes = 1 + recipe.vectors_epochs
    return embeddings.word2vec_vectors(
        *(texts, size, width),
        epochs=recipe.vectors_epochs,
        seed=recipe.seed,
        progress=lambda done: progress("learning word vectors", done, passes * total),
    )


def _check_gensim(recipe):
    from hanlib.embeddings import word2vec

    if recipe.vectors_method != "word2vec":
        return
    try:
        word2vec.gensim_word2vec()
    except ImportError as error:
        raise TrainingError(str(error)) from error


def _read(function, path, *arguments, **options):
    if not Path(path).is_file():
        raise TrainingError(f"`vectors` must be own, a file, or none. No such file: {path}")
    try:
        return function(path, *arguments, **options)
    except embeddings.VectorFileError as error:
        raise TrainingError(f"`vectors`: {error}") from error
