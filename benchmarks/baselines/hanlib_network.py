"""hanlib's HAN with the training step of `hanlib train`."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.models import HAN, DocumentClassifier
from hanlib.optimizers import LazyAdam, adversarial_gradients

IDS = tf.RaggedTensorSpec([None, None, None], tf.int32, 2, tf.int64)
LABELS = tf.TensorSpec([None], tf.int64)


class HanlibNetwork:
    """The paper's network, without dropout unless a preset is named.

    Args:
        sizes: a `Sizes`.
        preset: the preset whose dropout is applied, or None.
        adversarial_norm: see `hanlib.training.Recipe`.
        reset_after: False for a GRU that applies its reset gate before the product.
        dtype: the dtype policy, such as "mixed_bfloat16".
        recompute: whether the backward pass computes the word level again, so that its results
            need not stay in memory until then.
        region_dim: width of the region embeddings that are read beside the word vectors.
        seed: seed of the initial weights.
    """

    note = ""

    def __init__(
        self,
        sizes,
        preset=None,
        adversarial_norm=0.0,
        reset_after=True,
        dtype="float32",
        recompute=False,
        region_dim=0,
        seed=0,
    ):
        keras.utils.set_random_seed(seed)
        self.adversarial_norm = adversarial_norm
        cell = sizes.cell
        if not reset_after:
            from hanlib.layers import GRUCell

            cell = GRUCell(sizes.units, reset_after=False)
        arguments = {
            "embedding_dim": sizes.dim,
            "units": sizes.units,
            "attention_units": sizes.attention,
            "cell": cell,
            "dtype": dtype,
            "region_dim": region_dim,
        }
        if preset is None:
            encoder = HAN(sizes.vocabulary, **arguments)
        else:
            encoder = HAN.from_preset(preset, sizes.vocabulary, **arguments)
        self.classifier = DocumentClassifier(None, encoder, sizes.classes, dtype=dtype)
        self.classifier.build()
        if recompute:
            encoder.levels[0].encode = _recomputed(encoder.levels[0].encode)
        self.optimizer = LazyAdam(1e-3)
        self.optimizer.build(self.classifier.trainable_variables)
        self.step = tf.function(self._step, input_signature=[IDS, LABELS])
        self.answer = tf.function(self._answer, input_signature=[IDS])

    def prepare(self, documents):
        return documents.ragged(), tf.constant(documents.labels)

    def train(self, prepared):
        return float(self.step(*prepared))

    def predict(self, prepared):
        return self.answer(prepared[0]).numpy()

    def _answer(self, ids):
        return self.classifier(ids, training=False)

    def _step(self, ids, labels):
        variables = self.classifier.trainable_variables

        def gradients_of():
            with tf.GradientTape() as tape:
                probabilities = self.classifier(ids, training=True)
                losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
                loss = tf.reduce_mean(losses)
            return tape.gradient(loss, variables), loss

        if self.adversarial_norm:
            found = adversarial_gradients(gradients_of, variables, self.adversarial_norm)
        else:
            found = gradients_of()
        gradients, loss = found
        self.optimizer.apply(gradients, variables)
        return loss

    def set_weights(self, weights):
        encoder = self.classifier.encoder
        encoder.embedding.set_weights([weights.embeddings])
        for level, given in zip(encoder.levels, weights.levels, strict=True):
            forward, backward = level.recurrent.cells
            forward.set_weights(given.forward)
            backward.set_weights(given.backward)
            kernel, bias, context = given.attention
            shape = np.shape(level.pooling.context)
            level.pooling.kernel.assign(kernel)
            level.pooling.bias.assign(bias)
            level.pooling.context.assign(np.reshape(context, shape))
        self.classifier.head.set_weights(weights.head)


def _recomputed(encode):
    """`LevelEncoder.encode`, computed again in the backward pass."""

    def run(values, *rows, **options):
        return tf.recompute_grad(lambda values: encode(values, *rows, **options))(values)

    return run
