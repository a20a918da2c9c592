"""Asks a SavedModel as a server would: a script for a process with TensorFlow alone.

    python -I replay.py SAVED_MODEL REQUESTS ANSWERS

REQUESTS is JSON: `batches`, a list of `[signature, [document in base64, ...]]`, and `timed`, a list
of documents with which each signature is timed. ANSWERS is JSON: `answers`, for each batch a dict
from output to nested lists, and `seconds` by signature. Text that is no UTF-8, and an output whose
first dimension is not the documents, is an error.
"""

import base64
import json
import os
import sys
import time

_REPEATS = 10


def main(saved_model, requests, answers):
    """Runs the script."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    with open(requests, encoding="ascii") as file:
        asked = json.load(file)
    signatures = tf.saved_model.load(saved_model).signatures
    answered = {
        "answers": [_answer(signatures[name], texts) for name, texts in asked["batches"]],
        "seconds": _seconds(signatures, _tensor(asked["timed"])),
    }
    foreign = sorted(name for name in sys.modules if name.split(".")[0] == "hanlib")
    if foreign:
        raise RuntimeError(f"the SavedModel must need TensorFlow alone. Imported: {foreign}")
    with open(answers, "w", encoding="utf-8") as file:
        json.dump(answered, file)


def _answer(signature, texts):
    outputs = signature(text=_tensor(texts))
    for name, output in outputs.items():
        if output.shape.rank < 1 or output.shape[0] != len(texts):
            raise RuntimeError(f"{name} must have {len(texts)} documents. Received: {output.shape}")
    return {name: _plain(output.numpy().tolist()) for name, output in outputs.items()}


def _plain(values):
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return values.decode("utf-8") if isinstance(values, bytes) else values


def _seconds(signatures, text):
    """The shortest of a few times, in turn, after a first one that does not count."""
    times = {name: [] for name in signatures}
    for _ in range(1 + _REPEATS):
        for name, signature in signatures.items():
            start = time.perf_counter()
            signature(text=text)
            times[name].append(time.perf_counter() - start)
    return {name: min(found[1:]) for name, found in times.items()}


def _tensor(texts):
    import tensorflow as tf

    return tf.constant([base64.b64decode(text) for text in texts], tf.string, shape=[len(texts)])


if __name__ == "__main__":
    main(*sys.argv[1:])
