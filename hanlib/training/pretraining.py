"""Pretraining of an encoder as a language model, on texts with and without labels."""

import dataclasses

import numpy as np

from hanlib import atomic_files
from hanlib.data import TokenCache, TokenShards, batches_of
from hanlib.models.language_model import LanguageModel
from hanlib.training.averaged_weights import assign, values_of
from hanlib.training.builders import build_optimizer
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.fit_batches import fit_batches
from hanlib.training.progress import Prefixed
from hanlib.training.settings import RecipeError
from hanlib.training.word_vectors import word_counts

# Texts with more words in all are a random sample, which is in memory.
MOST_WORDS = 50_000_000
_FILE, _FOLDER = "pretrained.npz", "pretraining"


def check_encoder(recipe, encoder):
    """Raises a `RecipeError` if the recipe asks for pretraining that the encoder does not allow."""
    if not recipe.pretrain_epochs:
        return
    try:
        encoder.require_attention("a language model")
        for level in range(encoder.num_levels):
            encoder.direction_widths(level)
    except ValueError as error:
        raise RecipeError(f"`pretrain_epochs` must be 0 for this encoder: {error}") from None


def pretrain(encoder, recipe, texts, checkpoint, progress, fingerprint=None):
    """Trains an encoder as a language model; a run that was killed goes on where it was.

    The result is kept in the checkpoint, for a run that is resumed later.

    Args:
        encoder: a built encoder, whose weights are the initial ones, and are replaced.
        recipe: a `Recipe` from `Recipe.for_documents`, with `pretrain_epochs`.
        texts: the tokens of the texts, a list of `hanlib.data.TokenCache` or `TokenShards`.
        checkpoint: a `Checkpoint` that was started.
        progress: see `hanlib.training.train`.
        fingerprint: see `StepCheckpoint`.

    Returns:
        A dict for the record of the run: `epochs`, `documents`, and the `loss` of each epoch.
    """
    tokens = TokenCache.of_texts([_bounded(part, texts, recipe.seed) for part in texts])
    path = checkpoint.directory / _FILE
    if path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            losses = arrays["losses"]
            assign(encoder.variables, [arrays[str(n)] for n in range(len(encoder.variables))])
        return _record(recipe, tokens, losses)
    own = dataclasses.replace(
        recipe,
        epochs=recipe.pretrain_epochs,
        # Frozen word vectors are frozen below; those of the predicted words are learned.
        vectors_rate=recipe.vectors_rate or 1.0,
        # Averages of the two tables of words would take a third of the time.
        weight_average=0.0,
        steps_per_epoch=None,
        minutes=None,
        patience=recipe.pretrain_epochs,
        batch_size=recipe.for_documents(tokens.documents).batch_size,
    )
    counts = word_counts(tokens, encoder.vocabulary_size)
    model = LanguageModel(encoder, counts, 1 + recipe.oov_buckets, seed=recipe.seed)
    model.build()
    encoder.embedding.trainable = bool(recipe.vectors_rate)
    batches = batches_of(
        tokens,
        own.batch_size,
        seed=recipe.seed,
        max_batch_words=recipe.max_batch_words,
        epochs=own.epochs,
    )
    model.compile(build_optimizer(own, batches.steps * own.epochs))
    inner = Checkpoint(checkpoint.directory / _FOLDER)
    if inner.run() is None:
        inner.start({})
    best = fit_batches(
        *(model, own, batches, None, inner, Prefixed(progress, "pretraining")),
        monitor="loss",
        fingerprint=fingerprint,
    )
    encoder.embedding.trainable = True
    losses = [epoch["loss"] for epoch in best.history]
    arrays = {str(number): value for number, value in enumerate(values_of(encoder.variables))}
    with atomic_files.replacing(path) as temporary:
        np.savez(temporary, losses=losses, **arrays)
    atomic_files.remove(inner.output)
    return _record(recipe, tokens, losses)


def _bounded(part, texts, seed):
    """A part of the texts, or a sample of it; all samples have the same share of their part."""
    if not isinstance(part, TokenShards):
        return part
    share = min(MOST_WORDS / sum(tokens.words for tokens in texts), 1)
    return part.sample(int(share * part.words), seed).load()


def _record(recipe, tokens, losses):
    return {
        "epochs": recipe.pretrain_epochs,
        "documents": tokens.documents,
        "loss": [round(float(loss), 4) for loss in losses],
    }
