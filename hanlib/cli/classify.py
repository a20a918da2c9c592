"""Classifies a stream of documents in batches, and keeps their order."""

import queue
import threading

from hanlib.serving.batches import batches

# Limits of a window, so that memory does not depend on the length of the stream.
WINDOW, _WINDOW_CHARACTERS = 512, 8_000_000
# Limits of a batch; a document that exceeds them is a batch by itself.
_BATCH, _BATCH_BYTES = 64, 500_000
_END = object()


class KerasModel:
    """A `DocumentClassifier` with the interface of `hanlib.serving.scoring.ServedModel`."""

    def __init__(self, classifier):
        from hanlib.ops.model_graph import model_graph

        self._classifier = classifier
        self.classes, self.multi_label = classifier.classes, classifier.multi_label
        self._forward = model_graph(lambda ids: classifier(ids, training=False))

    def answers(self, texts):
        """Labels and probabilities of documents, each `bytes`; see `ServedModel.answers`."""
        import tensorflow as tf

        probabilities = self._forward(self._classifier.vectorizer(tf.constant(texts))).numpy()
        return list(zip(self._classifier.labels_of(probabilities), probabilities, strict=True))


def classify(model, windows):
    """Yields a list of `(record, labels, probabilities)` for each window of `(text, record)`.

    The documents of a window are sorted by length and run in batches.
    """
    for window in windows:
        texts = [text.encode("utf-8", "replace") for text, _ in window]
        answers = [None] * len(window)
        for indices in batches(list(map(len, texts)), _BATCH, _BATCH_BYTES):
            found = model.answers([texts[index] for index in indices])
            for index, answer in zip(indices, found, strict=True):
                answers[index] = answer
        yield [(record, *answer) for (_, record), answer in zip(window, answers, strict=True)]


def whole_windows(records, most=WINDOW, most_characters=_WINDOW_CHARACTERS):
    """Lists of `(text, record)` with the same boundaries in each run.

    Otherwise the last digits of probabilities could differ, since they depend on the batch.

    >>> [len(window) for window in whole_windows([("text", {})] * 5, most=2)]
    [2, 2, 1]
    """
    window, characters = [], 0
    for text, record in records:
        window.append((text, record))
        characters += len(text)
        if len(window) == most or characters >= most_characters:
            yield window
            window, characters = [], 0
    if window:
        yield window


def windows(items, most=WINDOW):
    """Lists of up to `most` available items; only the first item of a list is waited for.

    An error in `items` is raised after all items before it.

    >>> [item for window in windows(iter("abc"), 2) for item in window]
    ['a', 'b', 'c']
    """
    waiting = queue.Queue(maxsize=2 * most)
    stop = threading.Event()

    def read():
        error = None
        try:
            for item in items:
                if stop.is_set():
                    return
                waiting.put(item)
        except BaseException as raised:
            error = raised
        waiting.put((_END, error))

    threading.Thread(target=read, daemon=True).start()
    try:
        yield from _collect(waiting, most)
    finally:
        stop.set()
        _empty(waiting)


def _collect(waiting, most):
    while True:
        window = [waiting.get()]
        while len(window) < most and window[-1][0] is not _END:
            try:
                window.append(waiting.get_nowait())
            except queue.Empty:
                break
        last = window.pop() if window[-1][0] is _END else None
        if window:
            yield window
        if last is not None:
            if last[1] is not None:
                raise last[1]
            return


def _empty(waiting):
    """Empties the queue, so that a blocked reader continues and stops."""
    try:
        while True:
            waiting.get_nowait()
    except queue.Empty:
        return
