"""Random scores, a control for the other methods."""

import zlib

import numpy as np

from hanlib.explain.documents import parts
from hanlib.explain.scores import Scores


def random(network, documents, targets, seed=0):
    """Uniform random scores between -1 and 1, which depend only on the document and the seed."""
    logits = network.logits(*documents.flat)
    targets = network.targets(logits, targets)
    words, sentences = [], []
    for ids, length in zip(
        parts(documents.words, documents.document_words),
        documents.document_sentences,
        strict=True,
    ):
        draw = generator(ids, seed)
        words.append(draw.uniform(-1, 1, len(ids)))
        sentences.append(draw.uniform(-1, 1, length))
    probabilities = network.probabilities(logits).numpy()
    return Scores(probabilities, targets.numpy(), _joined(words), _joined(sentences))


def generator(ids, *seeds):
    """A random generator whose seed is derived from a document and the given seeds.

    >>> ids = np.array([2, 3], np.int32)
    >>> generator(ids, 0).integers(99) == generator(ids, 0).integers(99)
    np.True_
    """
    return np.random.default_rng([*seeds, zlib.crc32(ids.astype(np.int32).tobytes())])


def _joined(parts):
    return np.concatenate([np.zeros(0), *parts])
