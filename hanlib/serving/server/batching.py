"""Joins concurrent requests to a signature into batches, and splits large requests.

If a worker is free, a request runs immediately; requests that arrive while all workers are busy
form the next batch. As in TensorFlow Serving, the width of padded outputs depends on the batch.

A cancelled request is removed from the queue. A batch whose requests are all cancelled is stopped
(see `interruptible`). A long document runs alone, and one worker never runs long documents, so
short requests do not wait for them (with two or more workers).
"""

import asyncio
import collections
import dataclasses

import numpy as np

from hanlib.serving.server.interruptible import Cancellation
from hanlib.serving.server.status import StatusError


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of batches and of the queue.

    Attributes:
        workers: Number of batches that run in parallel.
        documents: Maximum number of documents in a batch.
        characters: Maximum bytes of text in a batch of several documents.
        long_document: Minimum bytes of text of a document that runs alone.
        waiting: Maximum number of documents in the queue.
    """

    workers: int = 2
    documents: int = 64
    characters: int = 1 << 19
    long_document: int = 1 << 16
    waiting: int = 1024


class Batcher:
    """The queue of requests to all signatures, and the workers that process it.

    Args:
        limits: `Limits`.
        executor: Runs the batches in `limits.workers` threads.
        observe: Function that is called with the number of documents of each batch.
    """

    def __init__(self, limits, executor, observe=lambda documents: None):
        self._limits, self._executor, self._observe = limits, executor, observe
        self._queue = collections.deque()
        self._running = self._running_long = 0
        self.waiting = 0

    async def run(self, signature, inputs, finish):
        """Runs one request and returns the response. Cancel it if the client disconnects.

        Args:
            signature: A `Signature`.
            inputs: `{name: array}` that `signature.check` accepts.
            finish: Function from `{name: array}` to the response, which is called in a worker.

        Raises:
            StatusError: UNAVAILABLE if the queue is full; or an error of the signature or `finish`.
        """
        size = signature.size(inputs)
        documents = size or 1
        if self.waiting and self.waiting + documents > self._limits.waiting:
            raise StatusError("UNAVAILABLE", "The queue is full", headers={"retry-after": "1"})
        pieces = self._pieces(signature, inputs, size, finish)
        for piece in pieces:
            self._queue.append(piece)
            self.waiting += piece.documents
            piece.future.add_done_callback(lambda _, piece=piece: self._drop(piece))
        self._start()
        outputs = await self._results(pieces)
        if len(outputs) == 1:
            return outputs[0]
        if not signature.batchable:  # An output turned out not to have the batch as first axis.
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

    def _drop(self, piece):
        """Releases a piece that was cancelled in the queue, where it is skipped later."""
        if piece.queued and piece.future.cancelled():
            piece.queued, piece.inputs = False, None
            self.waiting -= piece.documents

    def _pieces(self, signature, inputs, size, finish):
        spans = [(0, None)] if size is None else self._spans(inputs, size)
        if len(spans) > 1:
            finish = None
        parts = (
            {name: array[start:stop] for name, array in inputs.items()} if stop else inputs
            for start, stop in spans
        )
        return [_Piece(signature, part, size is not None, finish) for part in parts]

    def _spans(self, inputs, size):
        """The parts `(first document, end)` into which a request is split."""
        weights = sum(_weights(array) for array in inputs.values()).tolist()
        spans, start, total = [], 0, 0
        for index, weight in enumerate(weights):
            full = index - start == self._limits.documents
            is_long = max(weight, weights[index - 1]) >= self._limits.long_document
            if index > start and (full or is_long or total + weight > self._limits.characters):
                spans.append((start, index))
                start, total = index, 0
            total += weight
        return [*spans, (start, size)]

    def _start(self):
        """Starts the next batches on the free workers."""
        while self._running < self._limits.workers:
            pieces = self._next_pieces()
            if not pieces:
                return
            batch = _Batch(pieces)
            self._running += 1
            self._running_long += self._is_long(pieces[0])
            task = asyncio.get_running_loop().run_in_executor(self._executor, batch.run)
            task.add_done_callback(lambda done, batch=batch: self._finished(batch, done))

    def _is_long(self, piece):
        return piece.longest >= self._limits.long_document

    def _next_pieces(self):
        """Removes the pieces of the next batch from the queue."""
        chosen, skipped, documents, characters = [], [], 0, 0
        while self._queue and documents < self._limits.documents:
            piece = self._queue.popleft()
            if not piece.queued:
                continue
            if chosen:
                fits = self._may_join(piece, chosen[0], documents, characters)
            else:
                fits = self._may_run(piece)
            if not fits:
                skipped.append(piece)
                continue
            piece.queued = False
            chosen.append(piece)
            documents += piece.documents
            characters += piece.characters
            if piece.key is None or self._is_long(piece):
                break
        self._queue.extendleft(reversed(skipped))
        self.waiting -= documents
        if chosen:
            self._observe(documents)
        return chosen

    def _may_join(self, piece, first, documents, characters):
        """Whether a piece fits into a batch with these numbers of documents and bytes."""
        return (
            piece.key is not None
            and piece.key == first.key
            and not self._is_long(piece)
            and documents + piece.documents <= self._limits.documents
            and characters + piece.characters <= self._limits.characters
        )

    def _may_run(self, piece):
        """Whether a free worker may run this piece; the last one must not run long documents."""
        return not self._is_long(piece) or self._running_long < max(self._limits.workers - 1, 1)

    def _finished(self, batch, done):
        self._running -= 1
        self._running_long -= self._is_long(batch.pieces[0])
        pieces = batch.pieces
        results = [done.exception()] * len(pieces) if done.exception() else done.result()
        for piece, result in zip(pieces, results, strict=True):
            if not piece.future.done():
                piece.future.set_result(result)
        self._start()


class _Piece:
    """A part of a request that runs as a whole."""

    def __init__(self, signature, inputs, joinable, finish):
        self.signature, self.inputs, self.finish = signature, inputs, finish
        self.future = asyncio.get_running_loop().create_future()
        self.queued = True
        first = next(iter(inputs.values()))
        self.documents = len(first) if joinable else 1
        weights = [_weights(array) for array in inputs.values()]
        self.characters = int(sum(array.sum() for array in weights))
        self.longest = max(int(array.max(initial=0)) for array in weights)
        shapes = tuple((name, array.shape[1:]) for name, array in sorted(inputs.items()))
        self.key = (id(signature), shapes) if joinable else None

    def result(self, outputs):
        try:
            return outputs if self.finish is None else self.finish(outputs)
        except StatusError as error:
            return error


class _Batch:
    """Pieces that run together, and are stopped when all of them are cancelled."""

    def __init__(self, pieces):
        self.pieces, self._cancellation = pieces, Cancellation()
        for piece in pieces:
            piece.future.add_done_callback(self._stop_if_unwanted)

    def _stop_if_unwanted(self, _):
        if all(piece.future.cancelled() for piece in self.pieces):
            self._cancellation.cancel()

    def run(self):
        """Returns the result of each piece, an exception if it failed."""
        if len(self.pieces) == 1:
            return [self._alone(self.pieces[0])]
        signature, sizes = self.pieces[0].signature, [piece.documents for piece in self.pieces]
        joined = {
            name: np.concatenate([piece.inputs[name] for piece in self.pieces])
            for name in self.pieces[0].inputs
        }
        try:
            outputs = signature(joined, self._cancellation)
        except StatusError:  # An error of one request must not affect the others.
            return [self._alone(piece) for piece in self.pieces]
        total = sum(sizes)
        if any(array.shape[:1] != (total,) for array in outputs.values()):
            signature.batchable = False
            return [self._alone(piece) for piece in self.pieces]
        ends = np.cumsum(sizes).tolist()
        return [
            piece.result(
                {name: array[end - piece.documents : end] for name, array in outputs.items()}
            )
            for piece, end in zip(self.pieces, ends, strict=True)
        ]

    def _alone(self, piece):
        try:
            outputs = piece.signature(piece.inputs, self._cancellation)
        except StatusError as error:
            return error
        if piece.key and any(a.shape[:1] != (piece.documents,) for a in outputs.values()):
            piece.signature.batchable = False
        return piece.result(outputs)


def _weights(array):
    """The bytes of each document."""
    if array.ndim == 0:
        return np.array([len(array.item()) if array.dtype.kind == "O" else array.nbytes])
    if array.dtype.kind != "O":
        return np.full(len(array), array.nbytes // max(len(array), 1))
    lengths = np.fromiter((len(text) for text in array.ravel()), np.int64, array.size)
    return lengths.reshape(len(array), -1).sum(axis=1) if array.size else lengths


def _join(parts):
    """The outputs of the pieces of one request, padded to the same width."""
    return {name: _concatenate([part[name] for part in parts]) for name in parts[0]}


def _concatenate(arrays):
    shape = np.max([array.shape[1:] for array in arrays], axis=0).astype(int).tolist()
    made = np.zeros((sum(len(array) for array in arrays), *shape), arrays[0].dtype)
    if made.dtype.kind == "O":
        made.fill(b"")
    start = 0
    for array in arrays:
        region = tuple(slice(size) for size in array.shape[1:])
        made[(slice(start, start + len(array)), *region)] = array
        start += len(array)
    return made
