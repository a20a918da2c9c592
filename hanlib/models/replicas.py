"""Training on several replicas of a model: devices of this machine, or workers.

With one replica the functions change nothing, so that one path serves one and many.
"""

import tensorflow as tf


def distribute(strategy, batches):
    """The dataset from which each replica takes its share of every batch.

    Args:
        strategy: A `tf.distribute.Strategy` with several replicas.
        batches: `hanlib.data.TokenBatches`.

    Returns:
        A `tf.distribute.DistributedDataset` without an end (see `TokenBatches.shares`).
    """
    replicas = strategy.num_replicas_in_sync

    def of_worker(context):
        here = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * here
        return batches.shares(range(first, first + here), of=replicas)

    return strategy.distribute_datasets_from_function(of_worker)


def weight_of_share(x, documents):
    """How much the loss of this replica counts, where 1 is an equal share of the documents.

        weight = n_r R / Σ_r n_r

    for n_r documents on replica r of R. Keras averages over the documents of a replica and then
    over the replicas; with this weight the result is the mean over all documents of the batch. The
    loss must be a mean over documents, as those in `hanlib.losses` are by default.

    Args:
        x: A batch; one of `TokenBatches.shares` says how many documents all replicas have.
        documents: `<int>[]`, n_r.

    Returns:
        `<float32>[]`, or 1.0 for other batches.
    """
    if not isinstance(x, dict) or "step_documents" not in x:
        return 1.0
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    return tf.cast(documents, tf.float32) * replicas / tf.cast(x["step_documents"], tf.float32)


def step_function(model, step):
    """The function that Keras calls with an iterator, for a model on several replicas.

    The function of Keras averages what `step` returns over the replicas, which fails on several
    workers because numbers have no first axis (https://github.com/keras-team/keras/issues/20585).
    This one returns the numbers of the first replica here. Keras takes the metrics of an epoch
    from the variables of the metrics, which are summed over all replicas when they are read.

    Args:
        model: A `keras.Model`.
        step: Its `train_step` or `test_step`.
    """
    strategy = model.distribute_strategy

    def on_batch(batch):
        logs = strategy.run(step, (batch,))
        return {name: strategy.experimental_local_results(of)[0] for name, of in logs.items()}

    def on_iterator(iterator):
        # In the graph, where the shapes are those of the dataset: workers that trace again at
        # different steps would wait for each other.
        return on_batch(iterator.get_next())

    if not model.run_eagerly:
        on_batch = tf.function(on_batch, reduce_retracing=True, autograph=False)
        on_iterator = tf.function(on_iterator, reduce_retracing=True, autograph=False)

    def run(iterator):
        if not isinstance(iterator, tf.distribute.DistributedIterator):
            return on_batch(next(iterator))
        for _ in range(model.steps_per_execution):
            logs = on_iterator(iterator)
        return logs

    return run
