"""Training, evaluation and prediction on raw documents, with the methods of `keras.Model`."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.data.token_batches import TokenBatches
from hanlib.layers import documents
from hanlib.models import batches
from hanlib.models.compiled_model import CompiledModel
from hanlib.models.marked_evidence import checked_evidence
from hanlib.models.summary import print_summary


class TextModel(CompiledModel):
    """A `keras.Model` whose `fit`, `evaluate` and `predict` take strings or ids, and label names.

    A subclass has the attributes that `BatchedModel` names, `encoder` and `dropout`, and builds
    itself by `build()` without an input shape. Its method `export_served(folder, **options)` writes
    a SavedModel.
    """

    # The `TokenBatches` of the `fit` that runs, for callbacks.
    training_batches = None

    @property
    def classes(self):
        """The class names, in the order of the probabilities."""
        return list(self._labels.classes)

    def __call__(self, inputs, *args, **kwargs):
        # Keras takes no lists of strings.
        if isinstance(inputs, (str, bytes, list, tuple, np.ndarray)) or hasattr(inputs, "iloc"):
            inputs = self.as_documents(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        validation_batch_size=None,
        max_batch_words=150_000,
        evidence=None,
        **kwargs,
    ):
        """As `keras.Model.fit`, on strings or ids and labels by name.

        Documents in memory are tokenized once. Their batches hold documents of similar length, in
        an order that differs from epoch to epoch and follows from `keras.utils.set_random_seed`.

        Args:
            x: Documents (see the class), a `hanlib.data.TokenBatches`, or a `tf.data.Dataset` of
                `(document, label)` or `(document, label, weight)`. One without an end needs
                `steps_per_epoch`; the next epoch continues where the last one ended.
            y: Labels (see `Labels`); None with batches or a dataset.
            shuffle: Whether the batches come in random order.
            class_weight: Weight of each class, a dict by name or index, or "balanced". With
                `multi_label` it is the weight of a label in the documents that have it;
                "balanced" makes those weigh as much as the documents that do not.
            sample_weight: Weight of each document, `[docs]`.
            max_batch_words: Maximum number of words in a batch. A longer
                document is a batch by itself.
            evidence: What people marked as evidence for the label: for each document a list of
                half-open `(start, end)` spans of characters, or None if nobody marked it (see
                `hanlib.data.evidence.as_spans`). It teaches the rationale head of the model, which
                a model without one gets here if it is not built yet.
            **kwargs: See `keras.Model.fit`, as for the other arguments.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If documents and labels do not fit together, `batch_size` is not a positive
                integer, `class_weight` is given with `TokenBatches`, or a dataset has no end and
                the number of steps is not given.
        """
        if evidence is not None:
            evidence = checked_evidence(x, evidence)
            self._require_rationale_head()
        self._prepare("fit")
        if validation_split:
            (x, y, sample_weight, evidence), validation_data = self._split(
                x, y, sample_weight, evidence, validation_split, validation_data
            )
        data = self._batches(
            *(x, y, sample_weight, batch_size, class_weight),
            seed=batches.random_seed() if shuffle else None,
            shuffle=shuffle,
            max_batch_words=max_batch_words,
            epochs=epochs,
            evidence=evidence,
        )
        if validation_data is not None:
            parts = (
                validation_data if isinstance(validation_data, (tuple, list)) else [validation_data]
            )
            if validation_batch_size is None:
                validation_batch_size = batch_size
            validation_data = self._batches(*parts, batch_size=validation_batch_size)
        if isinstance(data, TokenBatches):
            callbacks = _with_first(callbacks, batches.FollowEpochs(data))
            self.training_batches = data
        data, kwargs["steps_per_epoch"] = self._dataset(data, kwargs.get("steps_per_epoch"))
        validation_data, kwargs["validation_steps"] = self._dataset(
            validation_data, kwargs.get("validation_steps")
        )
        batches.check_end(data, "steps_per_epoch", kwargs["steps_per_epoch"])
        batches.check_end(validation_data, "validation_steps", kwargs["validation_steps"])
        try:
            return super().fit(
                data,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=validation_data,
                shuffle=False,  # The batches are shuffled already.
                **kwargs,
            )
        finally:
            self.training_batches, self.skipped_steps = None, 0

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, **kwargs
    ):
        """As `keras.Model.evaluate`, on what `fit` takes."""
        if not kwargs.get("_use_cached_eval_dataset"):  # `fit` calls with batches that are ready.
            self._prepare("evaluate")
            x = self._batches(x, y, sample_weight, batch_size)
            x, kwargs["steps"] = self._dataset(x, kwargs.get("steps"))
            batches.check_end(x, "steps", kwargs["steps"])
        return super().evaluate(x, verbose=verbose, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", **kwargs):
        """Probabilities `<float32>[docs, classes]` (NumPy), in the order of the documents."""
        check_integer("batch_size", batch_size, allow_none=True)
        if isinstance(x, tf.data.Dataset):
            batches.check_end(x, "steps", kwargs.get("steps"))
            data = self._plain(batches.from_dataset(x, batch_size))
            return super().predict(data, verbose=verbose, **kwargs)
        x = self.as_documents(x)
        count = documents.length_of(x)
        if not count:
            return np.zeros([0, len(self._labels)], "float32")
        self.make_predict_function()
        traces = hasattr(self.predict_function, "get_concrete_function")
        if traces and not tf.config.functions_run_eagerly():
            # Keras would trace for the first batch's shape, and again for any other shape.
            self.predict_function.get_concrete_function([(batches.any_batch_of(x),)])
        if not (verbose or kwargs) and count <= (batch_size or 32) and self._alone():
            return super().predict_on_batch(x)  # No dataset: its set-up takes longer than a text.
        data = self._plain(batches.slices(x, batch_size=batch_size))
        return super().predict(data, verbose=verbose, **kwargs)

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, **kwargs):
        """As `keras.Model.train_on_batch`, on a batch of what `fit` takes."""
        self._prepare("train_on_batch")
        batch = self._batch(x, y, sample_weight, class_weight)
        return super().train_on_batch(*batch, **kwargs)

    def test_on_batch(self, x, y=None, sample_weight=None, **kwargs):
        """As `keras.Model.test_on_batch`, on a batch of what `fit` takes."""
        self._prepare("test_on_batch")
        return super().test_on_batch(*self._batch(x, y, sample_weight), **kwargs)

    def predict_on_batch(self, x):
        """As `keras.Model.predict_on_batch`, on a batch of what `fit` takes."""
        return super().predict_on_batch(self.as_documents(x))

    def summary(self, line_length=None, print_fn=None, **kwargs):
        """Prints the layers along the path of a document, with shapes and parameters.

        Args:
            line_length: Width of the table in characters.
            print_fn: Function that is called with the text, in place of `print`.
            **kwargs: Arguments of `keras.Model.summary` that have no meaning here.
        """
        if not self.built:
            self.build()
        print_summary(self, line_length, print_fn)

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports the model for serving: strings in, labels and probabilities out.

        Args:
            filepath: Folder of the SavedModel; it must be new or empty.
            format: "tf_saved_model"; other formats are those of `keras.Model.export`.
            **kwargs: See `hanlib.serving.export_saved_model`; of models of sentences and words
                `hanlib.serving.item_export.export_item_model`.

        Returns:
            The `Path` of the folder.
        """
        if format != "tf_saved_model":
            return super().export(filepath, format=format, **kwargs)
        return self.export_served(filepath, **kwargs)

    def get_config(self):
        return {
            **super().get_config(),
            "vectorizer": keras.saving.serialize_keras_object(self.vectorizer),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "classes": self.classes,
            "dropout": self.dropout,
        }


def restored(part):
    """A layer that is given as a layer, as its configuration, or as None."""
    return keras.saving.deserialize_keras_object(part) if isinstance(part, dict) else part


def _with_first(callbacks, first):
    """Callbacks as `fit` takes them, with one more in front."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        first.set_model(callbacks.model)
        first.set_params(callbacks.params)
        callbacks.callbacks.insert(0, first)
        return callbacks
    if callbacks is None:
        return [first]
    return [first, *(callbacks if isinstance(callbacks, (list, tuple)) else [callbacks])]
