"""The compared implementations. Each has `prepare`, `train`, `predict` and `set_weights`.

prepare(documents)   -> input of `train` and `predict`; not timed
train(prepared)      one step of Adam; returns the loss
predict(prepared)    -> `<float>[documents, classes]`
set_weights(weights) -> loads a `weights.Weights`
note                 description for the tables
"""

import importlib

BASELINES = {
    "hanlib": ("hanlib_network", "HanlibNetwork"),
    "torch": ("torch_packed", "TorchPacked"),
    "keras_box": ("keras_box", "KerasBox"),
    "keras_flat": ("keras_flat", "KerasFlat"),
    "hanlib_training": ("hanlib_training", "HanlibTraining"),
}


def make(name, sizes, **options):
    """Creates a baseline by name, and imports its framework."""
    module, kind = BASELINES[name]
    if name.startswith("hanlib"):
        from hanlib.cli.threads import share_cores

        share_cores()  # As in every `hanlib` command; the other frameworks are faster without it.
    if name != "torch":
        from hanlib.cli.quiet import start_tensorflow

        start_tensorflow()
    return getattr(importlib.import_module(f"baselines.{module}"), kind)(sizes, **options)
