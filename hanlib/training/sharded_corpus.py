"""Vocabulary and tokens of a corpus from files: found in several processes, kept in a cache.

    words-<digest>/<number>.json        words of a file of the corpus, with their counts
    tokens-<digest>/<number>/train      tokens of a file, as written by `TokenCache.build`
    tokens-<digest>/<number>/validation

What is complete is used again, also after the process was killed. A digest covers all that the
content depends on: the files (see `Corpus.digest`), the splits, the settings of the vectorizer, and
for tokens the vocabulary. The folder may be removed when no run uses it.
"""

import contextlib
import functools
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import hanlib
from hanlib import atomic_files
from hanlib.data import TokenShards
from hanlib.data.file_shards import FileShard
from hanlib.data.processes import map_in_processes
from hanlib.data.splitting import TEST, TRAIN, VALIDATION
from hanlib.data.token_writer import TokenWriter
from hanlib.layers import DocumentVectorizer
from hanlib.layers.text_functions import TEXT_FUNCTIONS
from hanlib.layers.texts import decode, encode
from hanlib.layers.vocabulary_words import add_counts
from hanlib.models.marked_evidence import marks_of_texts
from hanlib.training.builders import ids_of
from hanlib.training.evaluation import label_encoder
from hanlib.training.fingerprint import Fingerprint

# Documents that are tokenized together; see `TokenShards`.
BLOCK = 256
_VERSION = 1
_SPLITS = {TRAIN: "train", VALIDATION: "validation"}


class _WordsTask(NamedTuple):
    """The words of one file, and where to write them."""

    shard: FileShard
    config: str
    path: Path


class _TokensTask(NamedTuple):
    """The tokens of one file, and where to write them."""

    shard: FileShard
    config: str
    classes: tuple
    multi_label: bool
    splits: tuple
    with_marks: bool
    folder: Path


class ShardedCorpus:
    """A corpus from files, with the cache for what is learned from it.

    Args:
        corpus: a `hanlib.data.Corpus` with `shards`.
        cache: the folder of the cache.
        jobs: number of processes.
        progress: see `hanlib.training.train`.
    """

    def __init__(self, corpus, cache, jobs, progress):
        self.corpus, self.cache, self.jobs, self.progress = corpus, Path(cache), jobs, progress
        self._splits = tuple(code for code, name in _SPLITS.items() if name in corpus.splits)

    def count_words(self, vectorizer, fingerprint):
        """The number of occurrences of each word in the training documents.

        Args:
            vectorizer: a `DocumentVectorizer`, whose vocabulary is not used.
            fingerprint: a `Fingerprint`, to which all training and validation documents are added.

        Returns:
            A dict; see `VocabularyLayer.count_words`.
        """
        config = vectorizer.get_config()
        kept = {name: config[name] for name in ("lowercase", *TEXT_FUNCTIONS)}
        folder = self._folder("words", kept)
        tasks = [
            _WordsTask(shard, _text_of(config), folder / f"{number:05d}.json")
            for number, shard in enumerate(self.corpus.shards)
        ]
        with atomic_files.waiting_for(folder):
            left = [task for task in tasks if not task.path.exists()]
            self._run(_count_words, left, "vocabulary", (TRAIN,))
        counts = {}
        for task in tasks:
            found = json.loads(task.path.read_text("ascii"))
            words = zip(map(encode, found["words"]), found["counts"], strict=True)
            add_counts(counts, words, most=vectorizer.max_counted_words)
            fingerprint.add_digest(found["digest"])
        return counts

    def tokenize(self, vectorizer, with_marks):
        """The tokens of each split: a dict from "train" and "validation" to `TokenShards`.

        Args:
            vectorizer: the adapted `DocumentVectorizer`.
            with_marks: whether the evidence in training documents is kept.
        """
        config, corpus = vectorizer.get_config(), self.corpus
        settings = ("lowercase", "oov_buckets", "max_sentence_words", "vocabulary", *TEXT_FUNCTIONS)
        kept = {name: config[name] for name in settings}
        kept.update(classes=list(corpus.classes), splits=self._splits, marks=with_marks)
        folder = self._folder("tokens", kept)
        rest = (tuple(corpus.classes), corpus.multi_label, self._splits, with_marks)
        tasks = [
            _TokensTask(shard, _text_of(config), *rest, folder / f"{number:05d}")
            for number, shard in enumerate(corpus.shards)
        ]
        with atomic_files.waiting_for(folder):
            left = [task for task in tasks if not task.folder.exists()]
            self._run(_tokenize, left, "tokenizing", self._splits)
        return {
            _SPLITS[code]: TokenShards.open([task.folder / _SPLITS[code] for task in tasks])
            for code in self._splits
        }

    def _folder(self, name, settings):
        parts = [_VERSION, hanlib.__version__, self.corpus.digest, settings]
        digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
        return self.cache / f"{name}-{digest}"

    def _run(self, function, tasks, phase, splits):
        total = sum(self.corpus.splits[_SPLITS[code]].size for code in splits)
        map_in_processes(function, tasks, self.jobs, lambda done: self.progress(phase, done, total))


def _count_words(task, report):
    vectorizer, _ = _vectorizer_of(task.config)
    fingerprint = Fingerprint([])

    def texts():
        for code, text, label, evidence in task.shard:
            if code != TEST:
                fingerprint.add(text, (code, label, evidence))
            if code == TRAIN:
                yield text

    counts = vectorizer.count_words(texts(), _Reporter(report))
    found = {
        "words": [decode(word) for word in counts],
        "counts": list(counts.values()),
        "digest": fingerprint.hexdigest(),
    }
    atomic_files.write_text(task.path, json.dumps(found))


def _tokenize(task, report):
    vectorizer, vectorize = _vectorizer_of(task.config)
    encode_label = label_encoder(task.classes, task.multi_label)

    def mark(texts, spans):
        return marks_of_texts(vectorizer, texts, spans)

    with atomic_files.creating(task.folder) as folder, contextlib.ExitStack() as stack:
        blocks = {}
        for code in task.splits:
            marked = mark if task.with_marks and code == TRAIN else None
            writer = TokenWriter(vectorize, encode_label, marked, folder / _SPLITS[code])
            blocks[code] = _Blocks(stack.enter_context(writer), report)
        for code, *document in task.shard:
            if code in blocks:
                blocks[code].add(document)
        for of_split in blocks.values():
            of_split.finish()


class _Blocks:
    """Collects documents to blocks, and writes these."""

    def __init__(self, writer, report):
        self._writer, self._report, self._waiting = writer, report, []

    def add(self, document):
        self._waiting.append(document)
        if len(self._waiting) == BLOCK:
            self._write()

    def finish(self):
        if self._waiting:
            self._write()
        self._writer.finish()

    def _write(self):
        self._writer.add(*zip(*self._waiting, strict=True))
        self._report(len(self._waiting))
        self._waiting = []


class _Reporter:
    """Turns numbers of documents so far into numbers of further documents."""

    def __init__(self, report):
        self._report, self._last = report, 0

    def __call__(self, done):
        self._report(done - self._last)
        self._last = done


def _text_of(config):
    """The arguments of a vectorizer as text, without its name."""
    kept = {name: value for name, value in config.items() if name not in ("name", "dtype")}
    return json.dumps(kept)


@functools.lru_cache(maxsize=1)
def _vectorizer_of(config):
    """The vectorizer, and its function from texts to ids; traced once per process."""
    vectorizer = DocumentVectorizer.from_config(json.loads(config))
    return vectorizer, ids_of(vectorizer)
