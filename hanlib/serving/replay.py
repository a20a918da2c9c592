"""A script that runs a SavedModel as TensorFlow Serving does, in a process without hanlib.

    python -I replay.py SAVED_MODEL REQUESTS ANSWERS

The MetaGraph is loaded into a TensorFlow 1 session, which runs what the C++ loader of TensorFlow
Serving runs: the restore operation, the initialization and the assets. `tf.saved_model.load` would
rebuild the Python objects instead, which hides weights that the restore operation does not cover.

REQUESTS is JSON: `batches` is a list of `[signature, [document in base64, ...]]`, and `timed` is a
list of documents for measuring the speed of each signature. ANSWERS is JSON: `answers` has a dict
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
        "answers": [_answer(served, name, _texts(texts)) for name, texts in asked["batches"]],
        "seconds": _seconds(served, _texts(asked["timed"])),
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

    @property
    def signatures(self):
        """The names of the signatures that take texts."""
        return sorted(
            name
            for name, signature in self._signatures.items()
            if set(signature.inputs) == {"text"}
        )

    def ask(self, name, texts):
        """The outputs of a signature by name, as NumPy arrays.

        Args:
            name: The signature.
            texts: `<object>[docs]`, an array of `bytes`.
        """
        signature = self._signatures[name]
        outputs = {output: info.name for output, info in signature.outputs.items()}
        return self._session.run(outputs, {signature.inputs["text"].name: texts})


def _answer(served, name, texts):
    outputs = served.ask(name, texts)
    for output, values in outputs.items():
        if values.ndim < 1 or len(values) != len(texts):
            raise RuntimeError(
                f"{output} must have {len(texts)} documents. Received: {values.shape}"
            )
    return {output: _plain(values.tolist()) for output, values in outputs.items()}


def _plain(values):
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return values.decode("utf-8") if isinstance(values, bytes) else values


def _seconds(served, texts):
    """The shortest of several alternating runs of each signature, after a warm-up."""
    times = {name: [] for name in served.signatures}
    for _ in range(1 + _REPEATS):
        for name, found in times.items():
            start = time.perf_counter()
            served.ask(name, texts)
            found.append(time.perf_counter() - start)
    return {name: min(found[1:]) for name, found in times.items()}


def _texts(encoded):
    import numpy as np

    texts = np.empty(len(encoded), object)
    texts[:] = [base64.b64decode(text) for text in encoded]
    return texts


if __name__ == "__main__":
    main(*sys.argv[1:])
