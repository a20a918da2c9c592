"""A script that runs a SavedModel as TensorFlow Serving does, in a process without hanlib.

    python -I replay.py SAVED_MODEL REQUESTS ANSWERS

The MetaGraph is loaded into a TensorFlow 1 session, which runs what the C++ loader of TensorFlow
Serving runs: the restore operation, the initialization and the assets. `tf.saved_model.load` would
rebuild the Python objects instead, which hides weights that the restore operation does not cover.

REQUESTS is JSON: `batches` and `timed` are lists of `[signature, {input: [base64, ...]}]`.
The signatures in `timed` are measured, each with its request. ANSWERS is JSON: `answers` has a dict
from output to nested lists for each batch, and `seconds` is a dict by signature. Invalid UTF-8, or
an output whose first dimension is not the number of documents, is an error.
"""

import base64
import json
import os
import sys
import time

_REPEATS = 4


def main(saved_model, requests, answers):
    """Runs the script."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with open(requests, encoding="ascii") as file:
        asked = json.load(file)
    served = Served(saved_model)
    answered = {
        "answers": [answer(served, *request) for request in asked["batches"]],
        "seconds": _seconds(served, dict(asked["timed"])),
    }
    foreign = sorted(name for name in sys.modules if name.split(".")[0] == "hanlib")
    if foreign:
        raise RuntimeError(f"the SavedModel must need TensorFlow alone. Imported: {foreign}")
    with open(answers, "w", encoding="utf-8") as file:
        json.dump(answered, file)


class Served:
    """The MetaGraph of a SavedModel in a session.

    Args:
        saved_model: The folder of the SavedModel.
    """

    def __init__(self, saved_model):
        import tensorflow as tf

        self._session = tf.compat.v1.Session(graph=tf.Graph())
        loader = tf.compat.v1.saved_model.loader
        self._signatures = loader.load(self._session, ["serve"], saved_model).signature_def

    def ask(self, name, inputs):
        """The outputs of a signature by name, as NumPy arrays.

        Args:
            name: The signature.
            inputs: An array of `bytes`, `<object>[docs]`, by the name of the input.
        """
        signature = self._signatures[name]
        outputs = {output: info.name for output, info in signature.outputs.items()}
        feed = {signature.inputs[key].name: strings for key, strings in inputs.items()}
        return self._session.run(outputs, feed)


def answer(served, name, encoded):
    """The outputs of a signature as nested lists; raises an error if they are not as they must be.

    Args:
        served: A `Served`.
        name: The signature.
        encoded: Lists of strings in base64 by the name of the input.
    """
    inputs = _decoded(encoded)
    outputs, documents = served.ask(name, inputs), len(inputs["text"])
    for output, values in outputs.items():
        if values.ndim < 1 or len(values) != documents:
            raise RuntimeError(
                f"{output} must have {documents} documents. Received: {values.shape}"
            )
    return {output: _plain(values.tolist()) for output, values in outputs.items()}


def _plain(values):
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return values.decode("utf-8") if isinstance(values, bytes) else values


def _seconds(served, requests):
    """The shortest of several alternating runs of each signature, after a warm-up."""
    inputs = {name: _decoded(encoded) for name, encoded in requests.items()}
    times = {name: [] for name in inputs}
    for _ in range(1 + _REPEATS):
        for name, found in times.items():
            start = time.perf_counter()
            served.ask(name, inputs[name])
            found.append(time.perf_counter() - start)
    return {name: min(found[1:]) for name, found in times.items()}


def _decoded(encoded):
    """Arrays of `bytes` from lists of strings in base64, by name."""
    import numpy as np

    arrays = {name: np.empty(len(strings), object) for name, strings in encoded.items()}
    for name, strings in encoded.items():
        arrays[name][:] = [base64.b64decode(string) for string in strings]
    return arrays


if __name__ == "__main__":
    main(*sys.argv[1:])
