"""The control that every other method has to beat: scores by chance."""

import zlib

import numpy as np

from hanlib.explain.documents import parts
from hanlib.explain.scores import Scores


def random(network, documents, targets, seed=0):
    """Scores by chance between -1 and 1; the same document always gets the same ones."""
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
    """A generator of random numbers that only the document and the seeds decide.

    >>> ids = np.array([2, 3], np.int32)
    >>> generator(ids, 0).integers(99) == generator(ids, 0).integers(99)
    np.True_
    """
    return np.random.default_rng([*seeds, zlib.crc32(ids.astype(np.int32).tobytes())])


def _joined(parts):
    return np.concatenate([np.zeros(0), *parts])
