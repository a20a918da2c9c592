"""Splits the documents of one file into words, before any vocabulary is known."""

import contextlib
import functools
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib import atomic_files
from hanlib.data.file_shards import FileShard
from hanlib.data.splitting import TEST, TRAIN, VALIDATION
from hanlib.data.token_arrays import offsets_of
from hanlib.data.token_writer import BLOCK, TokenWriter
from hanlib.evidence.marks import marks_of_words
from hanlib.layers.text_functions import sentences_and_words
from hanlib.layers.texts import decode, encode
from hanlib.layers.tokens import tokens_of
from hanlib.training.evaluation import label_encoder
from hanlib.training.fingerprint import Fingerprint

# The splits that are written, by their code.
SPLITS = {TRAIN: "train", VALIDATION: "validation"}
# Documents that are split by one call of the graph.
_TOGETHER = 4 * BLOCK


class SplitTask(NamedTuple):
    """A file, how to split it, and the folder to write to."""

    shard: FileShard
    max_sentence_words: int | None
    classes: tuple
    multi_label: bool
    splits: tuple
    with_marks: bool
    folder: Path


class FileWords(NamedTuple):
    """What `split_file` wrote to `words.json`.

    Attributes:
        words: the distinct words of a file as `bytes`; their indices are the ids in its tokens.
        counts: how often each word occurs in training documents.
        digest: the hexdigest of a `Fingerprint` of the training and validation documents.
    """

    words: list
    counts: list
    digest: str

    @classmethod
    def read(cls, folder):
        found = json.loads((Path(folder) / "words.json").read_text("ascii"))
        return cls(list(map(encode, found.pop("words"))), **found)

    def write(self, folder):
        found = {**self._asdict(), "words": list(map(decode, self.words))}
        (folder / "words.json").write_text(json.dumps(found), "ascii")


def split_file(task, report):
    """Writes the words of a file, and the tokens of each split with the indices of words as ids.

    Args:
        task: a `SplitTask`.
        report: see `hanlib.data.processes.map_in_processes`.
    """
    words, fingerprint = _Words(task.max_sentence_words), Fingerprint([])
    encode_label = label_encoder(task.classes, task.multi_label)
    with atomic_files.creating(task.folder) as folder, contextlib.ExitStack() as stack:
        writers = {}
        for code in task.splits:
            with_marks = task.with_marks and code == TRAIN
            writer = TokenWriter(encode_label, with_marks, folder / SPLITS[code])
            stack.enter_context(writer)
            writers[code] = _Writer(writer, words, code == TRAIN, with_marks, report)
        for code, text, label, evidence in task.shard:
            if code != TEST:
                fingerprint.add(text, (code, label, evidence))
            if code in writers:
                writers[code].add(text, label, evidence)
        for writer in writers.values():
            writer.finish()
        FileWords(list(words.index), words.counts, fingerprint.hexdigest()).write(folder)


class _Words:
    """The distinct words so far, in order of first appearance, and how often each occurred."""

    def __init__(self, max_sentence_words):
        self.index, self.counts = {}, []
        self._split = _graph(max_sentence_words)

    def tokens(self, texts, counted):
        """The tokens of texts, as `TokenWriter` takes them."""
        texts = tf.constant([text.encode("utf-8", "replace") for text in texts])
        words, positions, counts, *lengths = (part.numpy() for part in self._split(texts))
        index = self.index
        ids = [index.setdefault(word, len(index)) for word in words]
        self.counts += [0] * (len(index) - len(self.counts))
        if counted:
            for word, count in zip(ids, counts.tolist(), strict=True):
                self.counts[word] += count
        return np.array(ids, np.int32)[positions], *lengths


@functools.cache
def _graph(max_sentence_words):
    """From texts to their distinct words, the index and count of these, and lengths of rows."""

    def split(texts):
        tokens = tokens_of(*sentences_and_words(texts), max_sentence_words)
        words, index, counts = tf.unique_with_counts(tokens.words)
        return words, index, counts, tokens.row_lengths, tokens.document_rows

    return tf.function(split, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


class _Writer:
    """Collects the documents of a split until there are enough to split them together."""

    def __init__(self, writer, words, counted, with_marks, report):
        self._writer, self._words, self._counted = writer, words, counted
        self._with_marks, self._report, self._waiting = with_marks, report, []

    def add(self, *document):
        self._waiting.append(document)
        if len(self._waiting) == _TOGETHER:
            self._write()

    def finish(self):
        if self._waiting:
            self._write()
        self._writer.finish()

    def _write(self):
        texts, labels, evidence = zip(*self._waiting, strict=True)
        tokens = self._words.tokens(texts, self._counted)
        marks = self._marks(tokens, texts, evidence) if self._with_marks else None
        self._writer.add(tokens, labels, marks)
        self._report(len(self._waiting))
        self._waiting = []

    def _marks(self, tokens, texts, evidence):
        ids, *lengths = tokens
        ends = offsets_of(lengths[0])[offsets_of(lengths[1])]
        words = [word.decode("utf-8", "replace") for word in self._words.index]
        written = (
            [words[index] for index in ids[start:end]] for start, end in itertools.pairwise(ends)
        )
        return np.concatenate(list(map(marks_of_words, texts, written, evidence)))
