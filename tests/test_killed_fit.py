"""A `fit` that was killed goes on where it was."""

import keras
import numpy as np
import pytest
from fit_cases import LABELS, TEXTS, make, vectorizer_of_texts

from hanlib.optimizers import LazyAdam
from hanlib.training import AveragedWeights, BestEpoch, StepCheckpoint

pytestmark = pytest.mark.usefixtures("eager_module")

# Every kind of dropout, clipping and averages: all that a run must carry on.
DROPOUTS = {"input_dropout": 0.2, "embedding_dropout": 0.1, "weight_dropout": 0.1, "dropout": 0.1}


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):
    """Ends the run as a kill would, in front of a step."""

    def __init__(self, epoch, step):
        super().__init__()
        self.at, self.epoch = (epoch, step), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Killed


def resumable_fit(classifier, folder, *more):
    keras.utils.set_random_seed(5)
    best = BestEpoch()
    callbacks = [AveragedWeights(), best, StepCheckpoint(folder, steps=1, best_epoch=best), *more]
    classifier.fit(
        *(TEXTS, LABELS),
        validation_data=(TEXTS, LABELS),
        batch_size=4,
        epochs=2,
        callbacks=callbacks,
        verbose=0,
    )
    return best.history


def compiled(vectorizer):
    classifier = make(vectorizer, **DROPOUTS)
    optimizer = LazyAdam(0.05, global_clipnorm=1.0, use_ema=True, ema_momentum=0.8)
    classifier.compile(optimizer)
    return classifier


def timeless(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


def test_it_goes_on_bit_for_bit(tmp_path):
    classifier = compiled(vectorizer_of_texts())
    classifier.build()
    classifier.optimizer.build(classifier.trainable_variables)
    variables = [*classifier.variables, *classifier.optimizer.variables]
    start = [variable.numpy() for variable in variables]
    history = resumable_fit(classifier, tmp_path / "whole")
    whole = classifier.get_weights()
    # The same start, without another model.
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    with pytest.raises(Killed):
        resumable_fit(classifier, tmp_path / "killed", Kill(1, 1))
    # Whatever the weights are now: the state brings its own.
    classifier.set_weights([np.zeros_like(w) for w in classifier.get_weights()])
    assert timeless(resumable_fit(classifier, tmp_path / "killed")) == timeless(history)
    for ours, theirs in zip(classifier.get_weights(), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
