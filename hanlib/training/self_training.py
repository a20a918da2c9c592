"""Teachers, and the soft labels that they give to unlabelled texts."""

import dataclasses
import itertools
import shutil
from typing import NamedTuple

import keras
import numpy as np

import hanlib.models  # noqa: F401 - Registers what a saved model consists of.
from hanlib import atomic_files
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.progress import Prefixed

FOLDER = "teacher"
# Texts that are sorted by length together, since batches of similar lengths are faster.
_WINDOW = 4096


class Taught(NamedTuple):
    """What teachers leave.

    Attributes:
        labels: `<float32>[unlabelled texts, classes]`, their mean probabilities.
        records: A dict of each teacher: its seed and its metrics on validation.
    """

    labels: np.ndarray
    records: list


def teach(train, corpus, recipe, checkpoint, resumed, progress, *, dataset=None, start=None):
    """Trains the teachers, each in its folder, and labels the unlabelled texts.

    Finished teachers and soft labels of a resumed run are taken as they are.

    Args:
        train: `hanlib.training.train`.
        corpus, progress, dataset, start: See there.
        recipe: The recipe of the student, with `epochs` and `patience` of the teachers.
        checkpoint: The `Checkpoint` of the student, which was started.
        resumed: Whether the run is resumed; otherwise former teachers are removed.

    Returns:
        `Taught`.
    """
    folder = checkpoint.output / FOLDER
    if not resumed:
        shutil.rmtree(folder, ignore_errors=True)
    alone = recipe.ensemble == 1
    records, folders = [], []
    for number in range(recipe.ensemble):
        own = dataclasses.replace(
            recipe, self_train=False, ensemble=1, calibrate=False, seed=recipe.seed + number
        )
        name = "teacher" if alone else f"teacher {number + 1}/{recipe.ensemble}"
        folders.append(folder if alone else folder / str(number + 1))
        record = train(
            corpus,
            own,
            folders[-1],
            resume=folders[-1].exists(),
            progress=Prefixed(progress, name),
            dataset=dataset,
            start=start,
        )
        figures = record.get("validation", {}).items()
        # Without the tables of the classes.
        figures = {key: value for key, value in figures if not isinstance(value, (dict, list))}
        records.append({"seed": own.seed, "validation": figures})
    return Taught(_soft_labels(folders, corpus, checkpoint, progress), records)


def _soft_labels(folders, corpus, checkpoint, progress):
    """The mean probabilities of the teachers; kept in the checkpoint with a digest of the texts."""
    path, digest = checkpoint.directory / "soft-labels.npz", _digest(corpus)
    if path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["digest"]) == digest:
                return arrays["labels"]
    labels = np.mean(
        [_labels_of(folder, corpus.unlabelled, progress) for folder in folders], axis=0
    )
    with atomic_files.replacing(path) as temporary:
        np.savez(temporary, labels=labels, digest=digest)
    return labels


def _labels_of(folder, texts, progress):
    """The probabilities of one teacher, `<float32>[texts, classes]`."""
    teacher = keras.models.load_model(folder / "model.keras", compile=False)
    remaining, done, found = iter(texts), 0, []
    while window := list(itertools.islice(remaining, _WINDOW)):
        order = np.argsort([len(text) for text in window], kind="stable")
        probabilities = teacher.predict(
            [window[place] for place in order], batch_size=64, verbose=0
        )
        found.append(np.empty_like(probabilities))
        found[-1][order] = probabilities
        done += len(window)
        progress(f"labels of {folder.name}", done, texts.size)
    return np.concatenate([np.zeros([0, len(teacher.classes)], np.float32), *found])


def _digest(corpus):
    fingerprint = Fingerprint(corpus.classes)
    for _ in fingerprint.watch((text, None) for text in corpus.unlabelled):
        pass
    return fingerprint.hexdigest()
