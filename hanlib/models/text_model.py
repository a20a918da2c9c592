"""Training, evaluation and prediction on raw documents, with the methods of `keras.Model`."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.models import batches


class TextModel(keras.Model):
    """A `keras.Model` whose `fit`, `evaluate` and `predict` take strings or ids, and label names.

    A subclass has the attributes `vectorizer` (a `DocumentVectorizer` or None), `_labels` (a
    `Labels`) and `multi_label`.
    """

    def __call__(self, inputs, *args, **kwargs):
        # Keras takes no lists of strings.
        if isinstance(inputs, (list, tuple, np.ndarray)):
            inputs = batches.as_documents(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """As in Keras; by default the loss and the metric that fit the head.

        One class a document: `sparse_categorical_crossentropy` and accuracy. Multi-label:
        `binary_crossentropy` and micro-F1 at a threshold of 0.5.
        """
        if loss is None:
            loss = "binary_crossentropy" if self.multi_label else "sparse_categorical_crossentropy"
        if metrics is None:
            f1 = keras.metrics.F1Score(average="micro", threshold=0.5, name="micro_f1")
            metrics = [f1 if self.multi_label else "accuracy"]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def compile_from_config(self, config):
        # Keras restores the state of a custom `compile` only where it is told how.
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

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
        **kwargs,
    ):
        """As `keras.Model.fit`, on strings or ids and labels by name.

        Args:
            x: Documents (see the class), or a `tf.data.Dataset` of `(document, label)` or
                `(document, label, weight)`.
            y: Labels; None with a dataset.
            class_weight: Weight of the loss of each class, by its name or place.
            **kwargs: See `keras.Model.fit`, as for the other arguments.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If documents and labels do not fit together.
        """
        if validation_split:
            (x, y, sample_weight), validation_data = self._split(
                x, y, sample_weight, validation_split, validation_data
            )
        if validation_data is not None:
            parts = (
                validation_data if isinstance(validation_data, (tuple, list)) else [validation_data]
            )
            validation_data = self._batches(*parts, batch_size=validation_batch_size or batch_size)
        if class_weight is not None:
            given = {self._labels.place(name): weight for name, weight in class_weight.items()}
            class_weight = {place: given.get(place, 1.0) for place in range(len(self._labels))}
        return super().fit(
            self._batches(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle),
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
            shuffle=False,  # The batches are shuffled already.
            class_weight=class_weight,
            **kwargs,
        )

    def _split(self, x, y, sample_weight, share, validation_data):
        """The last share of the documents for validation, as Keras does it."""
        if validation_data is not None or isinstance(x, tf.data.Dataset):
            raise ValueError(
                "`validation_split` needs arrays and no `validation_data`. "
                f"Received: validation_split={share}, x={type(x).__name__}"
            )
        first = round(len(y) * (1 - share))
        parts = [x, y, sample_weight]
        kept = [None if part is None else part[:first] for part in parts]
        return kept, [part[first:] for part in parts if part is not None]

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, **kwargs
    ):
        """As `keras.Model.evaluate`, on what `fit` takes."""
        if kwargs.pop("_use_cached_eval_dataset", False):
            # `fit` calls with batches that are ready.
            return super().evaluate(x, verbose=verbose, _use_cached_eval_dataset=True, **kwargs)
        data = self._batches(x, y, sample_weight, batch_size=batch_size)
        return super().evaluate(data, verbose=verbose, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", **kwargs):
        """Probabilities `<float32>[docs, classes]` (NumPy), in the order of the documents."""
        if hasattr(x, "__len__") and not isinstance(x, (str, tf.data.Dataset)) and len(x) == 0:
            return np.zeros([0, len(self._labels)], "float32")
        data = self._batches(x, batch_size=batch_size)
        self.make_predict_function()
        if hasattr(self.predict_function, "get_concrete_function"):
            # Keras would trace for the first batch's shape, and again for any other shape.
            self.predict_function.get_concrete_function([data.element_spec])
        return super().predict(data, verbose=verbose, **kwargs)

    def _batches(self, x, y=None, sample_weight=None, batch_size=None, shuffle=False):
        if isinstance(x, tf.data.Dataset):
            if y is not None or sample_weight is not None:
                raise ValueError("`y` and `sample_weight` must be left out with a tf.data.Dataset.")
            return batches.from_dataset(x, batch_size, self.vectorizer, self._labels.encode_tensor)
        y = None if y is None else self._labels.encode(y)
        return batches.from_arrays(x, y, sample_weight, batch_size, shuffle, self.vectorizer)
