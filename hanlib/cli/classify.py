"""Documents of a stream to probabilities: in order, soon, and in batches where many wait."""

import queue
import threading

# Documents that are read ahead; memory does not grow with the stream.
_AHEAD = 1024
_BATCH = 64
_END = object()


def classify(classifier, records):
    """Streams `(record, probabilities <float>[classes])` for an iterable of `(text, record)`.

    Documents that wait are sorted by length and run in batches; one that comes alone is answered
    at once. An error of `records` is raised after all documents before it.
    """
    import tensorflow as tf

    forward = tf.function(lambda ids: classifier(ids, training=False), reduce_retracing=True)
    for window in windows(records, _AHEAD // 2):
        order = sorted(range(len(window)), key=lambda place: len(window[place][0]))
        results = [None] * len(window)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            texts = [window[place][0].encode("utf-8", "replace") for place in places]
            probabilities = forward(classifier.vectorizer(tf.constant(texts))).numpy()
            for place, row in zip(places, probabilities, strict=True):
                results[place] = row
        for (_, record), row in zip(window, results, strict=True):
            yield record, row


def windows(items, most):
    """Lists of the items that are there: at least one each, at most `most`.

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
    """Lets a reader that waits for room go on, and see that it is to stop."""
    try:
        while True:
            waiting.get_nowait()
    except queue.Empty:
        return
