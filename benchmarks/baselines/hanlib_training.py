"""What `hanlib train` does with its documents, as a whole or from batches that lie ready."""

import dataclasses
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from hanlib.data.token_cache import TokenCache
from hanlib.models import HAN, DocumentClassifier
from hanlib.training import Recipe
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.loop import TrainingLoop
from hanlib.training.progress import silent


class HanlibTraining:
    """One epoch of a `TrainingLoop`.

    Args:
        sizes: a `Sizes`.
        recipe: fields of the `Recipe`.
        whole: True: the loop as `hanlib train` runs it, with batches made on the way and
            checkpoints written. False: its step alone, on batches that lie in memory.
        deterministic: whether operations are deterministic, as `hanlib train` has them.
    """

    note = ""

    def __init__(self, sizes, recipe=None, whole=True, deterministic=True):
        self.sizes, self.whole = sizes, whole
        self.recipe = Recipe.from_dict({"epochs": 100, "patience": 100, **(recipe or {})})
        keras.utils.set_random_seed(self.recipe.seed)
        if deterministic:
            tf.config.experimental.enable_op_determinism()

    def prepare(self, documents):
        cache = TokenCache.build(
            enumerate(documents.labels),
            lambda chosen: _flat(documents.take(chosen)),
            encode_label=int,
        )
        encoder = HAN.from_preset(self.recipe.preset, self.sizes.vocabulary)
        classifier = DocumentClassifier(None, encoder, self.sizes.classes)
        classifier.build()
        self.folder = tempfile.TemporaryDirectory()
        checkpoint = Checkpoint(Path(self.folder.name))
        checkpoint.start({})
        return TrainingLoop(classifier, self.recipe, cache, None, checkpoint, silent)

    def train(self, loop):
        """One epoch; the first call of a loop that is not whole also makes its batches."""
        if self.whole:
            loop.recipe = dataclasses.replace(self.recipe, epochs=loop.epoch + 1)
            loop.run("")
            return
        if not hasattr(self, "batches"):
            order = {"batch_size": self.recipe.batch_size, "seed": self.recipe.seed}
            dataset = loop.train.batches(**order)
            self.batches = list(dataset)
            self.step = tf.function(loop._train_step, input_signature=dataset.element_spec)
        for batch in self.batches:
            self.step(*batch)


def _flat(documents):
    return documents.ids, documents.words, documents.sentences
