"""Concurrent requests to one signature become one batch; a large request becomes several.

Nothing waits for company: a request that finds a free worker runs at once, and what comes
meanwhile is the next batch. As in TensorFlow Serving, widths of padded outputs are then those of
the batch.
"""

import asyncio
import collections
import dataclasses

import numpy as np

from hanlib.serving.server.status import StatusError


@dataclasses.dataclass(frozen=True)
class Limits:
    """What may run and wait at once.

    Attributes:
        workers: Batches that run at the same time.
        documents: Documents in a batch.
        characters: Bytes of text in a batch of more than one document.
        waiting: Documents in the queue.
    """

    workers: int = 2
    documents: int = 64
    characters: int = 1 << 19
    waiting: int = 1024


class Batcher:
    """The queue of all signatures, and the workers that empty it.

    Args:
        limits: `Limits`.
        executor: Runs the batches; it has `limits.workers` threads.
        observe: Called with the number of documents of each batch.
    """

    def __init__(self, limits, executor, observe=lambda documents: None):
        self._limits, self._executor, self._observe = limits, executor, observe
        self._queue = collections.deque()
        self._running = 0
        self.waiting = 0

    async def run(self, signature, inputs, finish):
        """The answer to one request.

        Args:
            signature: A `Signature`.
            inputs: `{name: array}`, checked.
            finish: Makes the answer of `{name: array}`, in the worker.

        Raises:
            StatusError: What the signature or `finish` raises; UNAVAILABLE where the queue is full.
        """
        pieces = self._pieces(signature, inputs, finish)
        documents = sum(piece.documents for piece in pieces)
        if self.waiting and self.waiting + documents > self._limits.waiting:
            raise StatusError("UNAVAILABLE", "The queue is full", headers={"retry-after": "1"})
        for piece in pieces:
            self._queue.append(piece)
            self.waiting += piece.documents
            self._start()
        outputs = await self._results(pieces)
        if len(outputs) == 1:
            return outputs[0]
        if not signature.batchable:  # An output does not have the documents first after all.
            return await self.run(signature, inputs, finish)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: finish(_join(outputs)))

    async def _results(self, pieces):
        results = []
        try:
            for piece in pieces:
                results.append(await piece.future)
                if isinstance(results[-1], BaseException):
                    raise results[-1]
        finally:
            for piece in pieces:
                piece.future.cancel()
        return results

    def _pieces(self, signature, inputs, finish):
        size = signature.size(inputs)
        spans = [(0, None)] if size is None else self._spans(inputs, size)
        if len(spans) > 1:
            finish = None
        parts = (
            {name: array[start:stop] for name, array in inputs.items()} if stop else inputs
            for start, stop in spans
        )
        return [_Piece(signature, part, size is not None, finish) for part in parts]

    def _spans(self, inputs, size):
        """Where a request is cut."""
        weights = sum(_weights(array) for array in inputs.values())
        spans, start, total = [], 0, 0
        for index, weight in enumerate(weights.tolist()):
            full = index - start == self._limits.documents
            if index > start and (full or total + weight > self._limits.characters):
                spans.append((start, index))
                start, total = index, 0
            total += weight
        return [*spans, (start, size)]

    def _start(self):
        """Gives free workers what is in the queue."""
        while self._queue and self._running < self._limits.workers:
            batch = self._next_batch()
            if batch:
                self._running += 1
                loop = asyncio.get_running_loop()
                task = loop.run_in_executor(self._executor, _run, batch)
                task.add_done_callback(lambda done, batch=batch: self._finished(batch, done))

    def _next_batch(self):
        batch, documents, characters, kept = [], 0, 0, []
        while self._queue:
            piece = self._queue.popleft()
            if piece.future.cancelled():  # The client has gone.
                self.waiting -= piece.documents
                continue
            fits = not batch or (
                piece.key is not None
                and piece.key == batch[0].key
                and documents + piece.documents <= self._limits.documents
                and characters + piece.characters <= self._limits.characters
            )
            if not fits:
                kept.append(piece)
                continue
            batch.append(piece)
            documents += piece.documents
            characters += piece.characters
            if piece.key is None or documents == self._limits.documents:
                break
        self._queue.extendleft(reversed(kept))
        self.waiting -= documents
        if batch:
            self._observe(documents)
        return batch

    def _finished(self, batch, done):
        self._running -= 1
        results = [done.exception()] * len(batch) if done.exception() else done.result()
        for piece, result in zip(batch, results, strict=True):
            if not piece.future.done():
                piece.future.set_result(result)
        self._start()


class _Piece:
    """A part of a request that runs as a whole."""

    def __init__(self, signature, inputs, joinable, finish):
        self.signature, self.inputs, self.finish = signature, inputs, finish
        self.future = asyncio.get_running_loop().create_future()
        first = next(iter(inputs.values()))
        self.documents = max(len(first), 1) if first.ndim else 1
        self.characters = int(sum(_weights(array).sum() for array in inputs.values()))
        shapes = tuple((name, array.shape[1:]) for name, array in sorted(inputs.items()))
        self.key = (id(signature), shapes) if joinable else None

    def result(self, outputs):
        try:
            return outputs if self.finish is None else self.finish(outputs)
        except StatusError as error:
            return error


def _weights(array):
    """Bytes of each document."""
    if array.ndim == 0:
        return np.array([array.nbytes])
    if array.dtype.kind != "O":
        return np.full(len(array), array.nbytes // max(len(array), 1))
    lengths = np.fromiter((len(text) for text in array.ravel()), np.int64, array.size)
    return lengths.reshape(len(array), -1).sum(axis=1) if array.size else lengths


def _run(batch):
    """The answers to the pieces of a batch, an exception for each that has none."""
    if len(batch) == 1:
        return [_alone(batch[0])]
    signature, sizes = batch[0].signature, [piece.documents for piece in batch]
    joined = {
        name: np.concatenate([piece.inputs[name] for piece in batch]) for name in batch[0].inputs
    }
    try:
        outputs = signature(joined)
    except StatusError:  # One request's fault must not be its neighbours'.
        return [_alone(piece) for piece in batch]
    total = sum(sizes)
    if any(array.shape[:1] != (total,) for array in outputs.values()):
        signature.batchable = False
        return [_alone(piece) for piece in batch]
    ends = np.cumsum(sizes).tolist()
    return [
        piece.result({name: array[end - piece.documents : end] for name, array in outputs.items()})
        for piece, end in zip(batch, ends, strict=True)
    ]


def _alone(piece):
    try:
        outputs = piece.signature(piece.inputs)
    except StatusError as error:
        return error
    if piece.key and any(a.shape[:1] != (piece.documents,) for a in outputs.values()):
        piece.signature.batchable = False
    return piece.result(outputs)


def _join(parts):
    """The outputs of the pieces of one request; narrower ones are padded, as one batch would be."""
    return {name: _concatenate([part[name] for part in parts]) for name in parts[0]}


def _concatenate(arrays):
    shape = np.max([array.shape[1:] for array in arrays], axis=0).astype(int).tolist()
    made = np.zeros((sum(len(array) for array in arrays), *shape), arrays[0].dtype)
    if made.dtype.kind == "O":
        made.fill(b"")
    start = 0
    for array in arrays:
        place = tuple(slice(size) for size in array.shape[1:])
        made[(slice(start, start + len(array)), *place)] = array
        start += len(array)
    return made
