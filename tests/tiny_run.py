"""A training run of seconds, for the tests of `hanlib.training`."""

import dataclasses
import json
import os
import random
import signal
from pathlib import Path

from hanlib.data import Corpus
from hanlib.data.corpus import Split, Texts

CLASSES = ("bad", "good")


def examples(documents, seed):
    """Short documents of several sentences; a share of them says which class it is."""
    draw = random.Random(seed)
    for _ in range(documents):
        label = draw.choice(CLASSES)
        words = [draw.choice(["film", "plot", "cast", "end", "tone"]) for _ in range(4)]
        yield f"The {words[0]} and the {words[1]}. A {label} {words[2]}! So {words[3]}.", label


def corpus(documents=48, seed=0, **splits):
    """A corpus of `tiny` documents; further splits by name."""
    made = {
        "train": Split(lambda: examples(documents, seed), documents),
        "validation": Split(lambda: examples(16, seed + 1), 16),
    }
    return Corpus("tiny", CLASSES, False, {**made, **splits})


def with_unlabelled(corpus, texts=("The zebra film. A zebra plot!",) * 8):
    """The corpus with texts without labels."""
    return dataclasses.replace(corpus, unlabelled=Texts(lambda: iter(texts), len(texts)))


# Fields of an encoder with a recurrence.
RECURRENT = {
    "preset": "han_small",
    "units": 3,
    "attention_units": 3,
    "bidirectional": False,
    "weight_dropout": 0.1,
    "dropout": 0.1,
}


def recipe(**values):
    """A recipe whose model has some hundred weights, and every kind of dropout.

    The adversary would take half of the time.
    """
    return _recipe(**{**RECURRENT, **values})


def bag_recipe(**values):
    """The same with an encoder that takes little time, for what no encoder changes."""
    return _recipe(encoder="bag_of_words", **values)


def _recipe(**values):
    from hanlib.training import Recipe

    small = {
        "embedding_dim": 4,
        "input_dropout": 0.1,
        "embedding_dropout": 0.1,
        "epochs": 4,
        "batch_size": 4,
        "min_count": 1,
        "learning_rate": 0.02,
        "weight_average": 0.8,
        "weight_decay": 0.01,
        "patience": 4,
        "checkpoint_steps": 3,
        "ngrams": 0,
        "adversarial_norm": 0.0,
    }
    return Recipe.from_dict({**small, **values})


def export(classifier, folder):
    """Stands for a SavedModel."""
    (folder / "serving" / "1").mkdir(parents=True)
    (folder / "serving" / "1" / "saved_model.pb").write_text(str(classifier.count_params()))


def unoptimized_graphs():
    """Lets this process run graphs as traced, as conftest.py does for those of pytest."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def run(output, resume=False, kill_at=None, recurrent=False):
    """Trains; with `kill_at=(function, n)` the process kills itself at the n-th call of it.

    A recurrent network is trained in graphs, one without a recurrence eagerly.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    unoptimized_graphs()
    _eagerly(not recurrent)
    if kill_at is not None:
        _kill_at(*kill_at)
    from hanlib.training import train

    # The adversary has no state that a resumed run must restore.
    texts = with_unlabelled(corpus())
    made = recipe if recurrent else bag_recipe
    own = made(vectors="own", ngrams=2, **({} if recurrent else {"batch_size": 8}))
    return train(texts, own, Path(output), resume=resume, export=export)


def write_files(folder, files=3, documents=32):
    """Writes documents to several files; returns a pattern for them."""
    folder.mkdir()
    for number in range(files):
        rows = (json.dumps({"text": t, "label": label}) for t, label in examples(documents, number))
        (folder / f"part-{number}.jsonl").write_text("\n".join(rows))
    return str(folder / "part-*.jsonl")


def run_on_files(output, pattern, kill_at=None):
    """Trains or resumes on files with a cache beside `output`; see `run`."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    _eagerly(True)
    if kill_at is not None:
        _kill_at(*kill_at)
    from hanlib.data import load
    from hanlib.training import train

    # The epochs are not passes over the documents.
    own = bag_recipe(vectors="own", ngrams=2, steps_per_epoch=5)
    cache = Path(output).with_name(f"cache-of-{Path(output).name}")
    return train(load(pattern), own, Path(output), resume=True, cache=cache, export=export)


def _eagerly(eagerly):
    import tensorflow as tf

    tf.config.run_functions_eagerly(eagerly)


def _kill_at(name, calls):
    """Lets the process die, as by `kill -9`, in front of a call of `os.<name>`."""
    original, left = getattr(os, name), [calls]

    def counted(*arguments):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments)

    setattr(os, name, counted)


def weights(output):
    """All weights of the model in `output`, by name of the variable's path in the file."""
    import keras

    import hanlib.models

    assert hanlib.models
    classifier = keras.models.load_model(Path(output) / "model.keras")
    return [variable.numpy() for variable in classifier.weights]
