"""The region embeddings of a run: learned from its texts before the network."""

import numpy as np

from hanlib import embeddings
from hanlib.training import word_vectors
from hanlib.training.kept_arrays import kept_arrays

# Region embeddings are learned from a sample of the documents on disk, if these have more words.
MOST_WORDS = 50_000_000
# Positions of text per step. As many steps as there are positions in the texts, within bounds.
_BATCH, _STEPS = 8_192, (200, 2_000)


def find_regions(recipe, size, texts, checkpoint, progress):
    """The region embeddings of the vocabulary's words; kept in the checkpoint, as word vectors are.

    Args:
        recipe: a `Recipe` with `region_dim`.
        size: number of word ids.
        texts: `TokenCache`s or `TokenShards` of the texts to learn from.
        checkpoint: a `Checkpoint` that was started.
        progress: see `hanlib.training.train`.

    Returns:
        `hanlib.embeddings.RegionVectors`.
    """
    path = checkpoint.directory / "regions.npz"
    return kept_arrays(
        path, embeddings.RegionVectors, lambda: _learn(recipe, size, texts, progress)
    )


def _learn(recipe, size, texts, progress):
    texts = [
        word_vectors.bounded(part, recipe.seed, progress, MOST_WORDS, "region embeddings")
        for part in texts
    ]
    documents = sum(part.documents for part in texts)
    steps = int(np.clip(sum(part.words for part in texts) // _BATCH, *_STEPS))
    return embeddings.region_vectors(
        (block for part in texts for block in word_vectors.blocks(part, size)),
        *(size, recipe.region_dim),
        steps=steps,
        batch_size=_BATCH,
        seed=recipe.seed,
        progress=lambda done: progress(
            "learning region embeddings", done * documents // steps, documents
        ),
    )
