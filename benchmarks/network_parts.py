"""The parts of hanlib's network as separate functions, for timing."""

from typing import NamedTuple

import tensorflow as tf
from baselines import make

from hanlib.ops.packing import pack


class Part(NamedTuple):
    """A part of the network, as a job over all batches.

    Attributes:
        name: name of the part.
        kind: "forward", or "with gradient" (forward and backward).
        run: function without arguments.
        counted: keys of `multiply_adds.parts` that the part computes.
    """

    name: str
    kind: str
    run: callable
    counted: tuple


def network_parts(batches, sizes):
    """The `Part`s of the forward pass, also with their gradients, and the optimizer."""
    network = make("hanlib", sizes)
    encoder = network.classifier.encoder
    ids = [network.prepare(batch) for batch in batches]
    found = [encoder.hierarchy(x) for x, _ in ids]
    made = _forward_only(
        "packing", lambda x: _packings(encoder.hierarchy(x)), [(x,) for x, _ in ids]
    )
    embedded = [encoder.embed(h.words) for h in found]
    values, indexes = [v for v, _ in embedded], [i for _, i in embedded]
    made += _forward_only("embedding", encoder.embed, [(h.words,) for h in found])
    for k, (level, name) in enumerate(zip(encoder.levels, ("words", "sentences"), strict=True)):
        lengths = [h.lengths[k] for h in found]
        inputs = list(zip(values, lengths, indexes, strict=True))
        made += _recurrence(level, name, inputs)
        contextualize = tf.function(level.contextualize, reduce_retracing=True)
        pooled = [(*contextualize(*given), tf.size(given[1])) for given in inputs]
        made += _both(
            f"attention, {name}",
            lambda s, rows, count, level=level: level.pooling.pool(s, rows, count)[0],
            pooled,
            level.pooling.trainable_variables,
            (f"attention, {name}",),
        )
        values = [level.pooling.pool(*given)[0] for given in pooled]
        indexes = [None] * len(values)
    return [*made, _optimizer(network, ids)]


def _packings(hierarchy):
    return [pack(lengths) for lengths in hierarchy.lengths]


def _recurrence(level, name, inputs):
    weights = level.recurrent.trainable_variables
    return _both(
        f"input product and recurrence, {name}",
        lambda values, lengths, index=None: level.contextualize(values, lengths, index)[0],
        inputs,
        weights,
        (f"input product, {name}", f"recurrence, {name}"),
    )


def _forward_only(name, function, inputs):
    function = tf.function(function, reduce_retracing=True)
    return [Part(name, "forward", lambda: [function(*given) for given in inputs], ())]


def _both(name, function, inputs, weights, counted):
    """A part, and the part with the gradient of its first input and weights."""

    def with_gradient(first, *rest):
        with tf.GradientTape() as tape:
            tape.watch(first)
            output = function(first, *rest)
        return tape.gradient(output, [first, *weights])

    forward = tf.function(function, reduce_retracing=True)
    backward = tf.function(with_gradient, reduce_retracing=True)
    return [
        Part(name, "forward", lambda: [forward(*given) for given in inputs], counted),
        Part(name, "with gradient", lambda: [backward(*given) for given in inputs], counted),
    ]


def _optimizer(network, batches):
    variables = network.classifier.trainable_variables

    @tf.function(reduce_retracing=True)
    def gradients_of(ids, labels):
        with tf.GradientTape() as tape:
            probabilities = network.classifier(ids, training=True)
            loss = tf.reduce_mean(tf.gather(probabilities, labels, batch_dims=1))
        return tape.gradient(loss, variables)

    gradients = [gradients_of(*batch) for batch in batches]
    apply = tf.function(lambda g: network.optimizer.apply(g, variables), reduce_retracing=True)
    return Part("optimizer", "with gradient", lambda: [apply(g) for g in gradients], ())
