"""The implementations that are compared. Each has `prepare`, `train`, `predict` and `set_weights`.

prepare(documents)   -> what the two others take; outside of the measured time
train(prepared)      one step of Adam; returns the loss
predict(prepared)    -> `<float>[documents, classes]`
set_weights(weights) -> loads a `weights.Weights`
note                 what a table says about it
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
    """The baseline of a name; its framework is imported here."""
    module, kind = BASELINES[name]
    if name.startswith("hanlib"):
        from hanlib.cli.threads import share_cores

        share_cores()  # As every `hanlib` command does; the others fare better without.
    if name != "torch":
        from hanlib.cli.quiet import start_tensorflow

        start_tensorflow()
    return getattr(importlib.import_module(f"baselines.{module}"), kind)(sizes, **options)
