"""`hanlib train` as a whole, or only its step on prepared batches."""

import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from hanlib.data import TokenBatches, TokenCache
from hanlib.models import DocumentClassifier
from hanlib.training import Recipe
from hanlib.training.builders import build_encoder, compile_classifier
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.fit_batches import fit
from hanlib.training.progress import silent


class HanlibTraining:
    """One epoch of training.

    Args:
        sizes: a `Sizes`.
        recipe: fields of the `Recipe`.
        whole: whether to run `fit` as in `hanlib train`, with batch preparation and checkpoints;
            otherwise only the step, on batches in memory.
        deterministic: whether operations are deterministic, as in `hanlib train`.
    """

    note = ""

    def __init__(self, sizes, recipe=None, whole=True, deterministic=True):
        self.sizes, self.whole = sizes, whole
        self.recipe = Recipe.from_dict({"epochs": 1, "patience": 100, **(recipe or {})})
        self.recipe = self.recipe.for_documents(None)
        keras.utils.set_random_seed(self.recipe.seed)
        if deterministic:
            tf.config.experimental.enable_op_determinism()

    def prepare(self, documents):
        cache = TokenCache.build(
            enumerate(documents.labels),
            lambda chosen: _flat(documents.take(chosen)),
            encode_label=int,
        )
        encoder = build_encoder(self.recipe, self.sizes.vocabulary, self.sizes.classes)
        self.classifier = DocumentClassifier(None, encoder, self.sizes.classes)
        self.classifier.build()
        self.folder = tempfile.TemporaryDirectory()
        return cache

    def train(self, cache):
        """Runs one epoch; without `whole`, the first call also prepares the batches."""
        if self.whole:
            self._fit(cache)
            return
        if not hasattr(self, "batches"):
            dataset = TokenBatches(cache, self.recipe.batch_size, seed=self.recipe.seed).dataset()
            self.batches = list(dataset)
            compile_classifier(self.classifier, self.recipe, 100 * len(self.batches))
            self.step = tf.function(
                self.classifier.train_step, input_signature=[dataset.element_spec], autograph=False
            )
        for batch in self.batches:
            self.step(batch)

    def _fit(self, cache):
        checkpoint = Checkpoint(Path(self.folder.name))
        checkpoint.start({})
        # `compile` in every epoch would trace the step again.
        compiled = self.classifier.compiled
        fit(self.classifier, self.recipe, cache, None, checkpoint, silent, compiled=compiled)


def _flat(documents):
    return documents.ids, documents.words, documents.sentences
