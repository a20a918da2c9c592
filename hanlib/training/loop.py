"""The passes over the training documents, and all the state that they change."""

import contextlib
import time

import keras
import numpy as np
import tensorflow as tf

from hanlib.training.adversarial import adversarial_gradients
from hanlib.training.builders import build_optimizer, loss_function
from hanlib.training.evaluation import Measurement


class TrainingLoop:
    """Trains a classifier on tokenised documents; can be stopped and carried on bit for bit.

    Args:
        classifier: a built `DocumentClassifier`.
        recipe: a `Recipe`.
        train, validation: `hanlib.data.pipeline.TokenCache`s; validation may be None.
        checkpoint: a `Checkpoint`.
        progress: see `hanlib.training.train`.
    """

    def __init__(self, classifier, recipe, train, validation, checkpoint, progress):
        self.classifier, self.recipe = classifier, recipe
        self.train, self.validation = train, validation
        self.checkpoint, self.progress = checkpoint, progress
        self.epoch = self.step = 0
        self.history = []
        self.monitor = "micro_f1" if classifier.multi_label else "accuracy"
        steps = [len(train.plan(epoch=epoch, **self._order)) for epoch in range(recipe.epochs)]
        self.optimizer = build_optimizer(recipe, sum(steps))
        self.optimizer.build(classifier.trainable_variables)
        self.metrics = [keras.metrics.Mean(name="loss"), _metric(classifier)]
        self.averages = []
        if recipe.weight_average:
            trained = classifier.trainable_variables
            self.averages = [tf.Variable(variable, trainable=False) for variable in trained]
        self._loss = loss_function(classifier, recipe.label_smoothing)
        self._measurement = Measurement(classifier)
        self._update = None
        self._fingerprint = None

    @property
    def _order(self):
        recipe = self.recipe
        return {
            "batch_size": recipe.batch_size,
            "seed": recipe.seed,
            "max_batch_words": recipe.max_batch_words,
        }

    def run(self, fingerprint):
        """Trains until the epochs are over or validation gains no more, from where it stands."""
        self._fingerprint = fingerprint
        self._speed = _Speed()
        while not self.finished():
            self._run_epoch()

    def finished(self):
        """Whether the epochs are over, or the last ones brought no gain."""
        if self.epoch >= self.recipe.epochs:
            return True
        best = self.best_epoch()
        return bool(best and self.epoch - best >= self.recipe.patience)

    def best_epoch(self):
        """The epoch, from 1, that was best on validation; the last one where there is none."""
        if not self.history or self.validation is None:
            return len(self.history) or None
        # Of two epochs that give as many right answers, the one that is surer of them.
        best = max(
            self.history, key=lambda e: (e[f"validation_{self.monitor}"], -e["validation_loss"])
        )
        return best["epoch"]

    def _run_epoch(self):
        start = time.monotonic()
        batches = self.train.batches(epoch=self.epoch, start=self.step, **self._order)
        if self._update is None:
            self._update = tf.function(self._train_step, input_signature=batches.element_spec)
        plan = self.train.plan(epoch=self.epoch, **self._order)
        done = sum(len(batch) for batch in plan[: self.step])
        for ids, labels in batches:
            self._update(ids, labels)
            self.step += 1
            size = int(labels.shape[0])
            done += size
            self._report(done, size)
            if int(self.optimizer.iterations) % self.recipe.checkpoint_steps == 0:
                self.save()
        self._end_epoch(time.monotonic() - start)

    def _train_step(self, ids, labels):
        variables = self.classifier.trainable_variables

        def gradients_of():
            with tf.GradientTape() as tape:
                probabilities = self.classifier(ids, training=True)
                losses = self._loss(labels, probabilities)
                total = tf.add_n([tf.reduce_mean(losses), *self.classifier.losses])
            return tape.gradient(total, variables), (losses, probabilities)

        if self.recipe.adversarial_norm:
            norm = self.recipe.adversarial_norm
            gradients, seen = adversarial_gradients(gradients_of, variables, norm)
        else:
            gradients, seen = gradients_of()
        if self.recipe.clip_norm:
            # Unlike that of Keras, it leaves the gradient of the word vectors in rows.
            gradients, _ = tf.clip_by_global_norm(gradients, self.recipe.clip_norm)
        self.optimizer.apply(gradients, variables)
        self._average(variables)
        losses, probabilities = seen
        self.metrics[0].update_state(losses)
        self.metrics[1].update_state(labels, probabilities)

    def _average(self, variables):
        """average <- m average + (1 - m) weight, with m = min(momentum, t / (9 + t)) at step t.

        So the average follows at once in the first steps, in which there is nothing to smooth:
        `use_ema` of Keras' optimizers would hold on to the initial weights.
        """
        step = tf.cast(self.optimizer.iterations, tf.float32)
        momentum = tf.minimum(self.recipe.weight_average, step / (9.0 + step))
        for average, variable in zip(self.averages, variables, strict=bool(self.averages)):
            average.assign_add((1.0 - momentum) * (variable - average))

    def _report(self, done, size):
        self._speed.add(size)
        total = self.train.documents
        ahead = total - done + (self.recipe.epochs - self.epoch - 1) * total
        figures = {}
        if self.history and self.validation is not None:
            figures[f"validation_{self.monitor}"] = self.history[-1][f"validation_{self.monitor}"]
        if self._speed.due():
            phase = f"epoch {self.epoch + 1}/{self.recipe.epochs}"
            left = self._speed.seconds_for(ahead)
            self.progress(
                phase, done, total, left=left, loss=float(self.metrics[0].result()), **figures
            )

    def _end_epoch(self, seconds):
        entry = {"epoch": self.epoch + 1}
        entry.update((metric.name, float(metric.result())) for metric in self.metrics)
        entry["steps"] = int(self.optimizer.iterations)
        entry["learning_rate"] = float(self.optimizer.learning_rate)
        with self.averaged():
            if self.validation is not None:
                entry.update(self._validate())
            entry["seconds"] = round(seconds, 2)
            self.history.append(entry)
            if self.best_epoch() == entry["epoch"]:
                self.checkpoint.write_best(entry["epoch"], _values(self.classifier.weights))
        self.epoch, self.step = self.epoch + 1, 0
        for metric in self.metrics:
            metric.reset_state()
        self.save()
        self.progress.note(_summary(entry, self.recipe.epochs))

    def _validate(self):
        measured = self.measure(self.validation, "validation")
        figures = {"validation_loss": measured["loss"]}
        if self.classifier.multi_label:
            threshold, score = self._measurement.counts.best_threshold()
            return {**figures, "validation_micro_f1": score, "threshold": threshold}
        return {**figures, "validation_accuracy": measured["accuracy"]}

    def measure(self, cache, phase):
        """The figures of `evaluate` for tokenised documents, with the weights as they are."""
        self._measurement.reset()
        for ids, labels in cache.batches(self.recipe.batch_size):
            self._measurement.add(ids, labels)
            self.progress(phase, self._measurement.documents, cache.documents)
        return self._measurement.metrics()

    @contextlib.contextmanager
    def averaged(self):
        """The averaged weights in place of the last ones, for the time of the block.

        Whole copies: adding and subtracting, as Keras' `SwapEMAWeights` does, would not give back
        the same bits.
        """
        if not self.averages:
            yield
            return
        variables = self.classifier.trainable_variables
        last = _values(variables)
        _assign(variables, _values(self.averages))
        yield
        _assign(variables, last)

    def load_best(self):
        """Gives the classifier the weights, and the threshold, of the best epoch."""
        best = self.best_epoch()
        _assign(self.classifier.weights, self.checkpoint.read_best(best))
        if self.classifier.multi_label and self.validation is not None:
            threshold = self.history[best - 1]["threshold"]
            self.classifier.thresholds = [threshold] * len(self.classifier.classes)
        return best

    def _state(self):
        """Every variable that a step reads and changes, the seeds of dropout among them."""
        metrics = [variable for metric in self.metrics for variable in metric.variables]
        variables = _distinct(self.classifier.variables)
        return [*variables, *self.optimizer.variables, *self.averages, *metrics]

    def save(self):
        """Writes a checkpoint."""
        header = {
            "fingerprint": self._fingerprint,
            "epoch": self.epoch,
            "step": self.step,
            "history": self.history,
            "best_epoch": self.best_epoch(),
        }
        self.checkpoint.write_state(header, _values(self._state()))

    def restore(self, header, arrays):
        """Puts the loop where a checkpoint was written."""
        self.epoch, self.step = header["epoch"], header["step"]
        self.history = header["history"]
        _assign(self._state(), arrays)


class _Speed:
    """Documents a second of this session, without its first steps, in which graphs are made."""

    skipped = 3

    def __init__(self):
        self.steps, self.documents, self.start, self.shown = 0, 0, None, 0.0

    def add(self, documents):
        self.steps += 1
        if self.steps > self.skipped:
            self.documents += documents
        elif self.steps == self.skipped:
            self.start = time.monotonic()

    def due(self):
        """Whether it is time to report again: reading the loss waits for the step."""
        now = time.monotonic()
        due = now - self.shown > 0.2
        self.shown = now if due else self.shown
        return due

    def seconds_for(self, documents):
        if not self.documents:
            return None
        return documents * (time.monotonic() - self.start) / self.documents


def _metric(classifier):
    if classifier.multi_label:
        metric = keras.metrics.F1Score(average="micro", threshold=0.5, name="micro_f1")
        # Its variables must exist before a checkpoint is read.
        nothing = tf.zeros([1, len(classifier.classes)])
        metric.update_state(nothing, nothing)
        metric.reset_state()
        return metric
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def _summary(entry, epochs):
    names = ("loss", "validation_loss", "validation_accuracy", "validation_micro_f1")
    shown = [f"{name.replace('_', ' ')} {entry[name]:.4f}" for name in names if name in entry]
    return f"epoch {entry['epoch']}/{epochs}: {', '.join(shown)} ({entry['seconds']:.0f} s)"


def _distinct(variables):
    return list({id(variable): variable for variable in variables}.values())


def _values(variables):
    return [np.array(tf.convert_to_tensor(variable)) for variable in variables]


def _assign(variables, arrays):
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
