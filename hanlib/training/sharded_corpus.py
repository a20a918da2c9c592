"""Vocabulary and tokens of a corpus from files: found in several processes, kept in a cache.

    words-<digest>/<number>/words.json  words of a file of the corpus, with their counts
    words-<digest>/<number>/train       tokens of a file, with the indices of these words as ids
    words-<digest>/<number>/validation
    ids-<digest>/<number>.npy           the ids that the words of a file have in the vocabulary

What is complete is used again, also after the process was killed. A digest covers all that the
content depends on: the files (see `Corpus.digest`), the splits, how texts are split, and for ids
the vocabulary. The folder may be removed when no run uses it.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

import hanlib
from hanlib import atomic_files
from hanlib.data import TokenShards
from hanlib.data.processes import map_in_processes
from hanlib.layers.vocabulary_words import add_counts
from hanlib.training.split_file import SPLITS, FileWords, SplitTask, split_file

_VERSION = 2


class ShardedCorpus:
    """A corpus from files, with the cache for what is learned from it.

    Args:
        corpus: a `hanlib.data.Corpus` with `shards`.
        cache: the folder of the cache.
        jobs: number of processes.
        progress: see `hanlib.training.train`.
        with_marks: whether the evidence in training documents is kept.
    """

    def __init__(self, corpus, cache, jobs, progress, with_marks=False):
        self.corpus, self.cache, self.jobs, self.progress = corpus, Path(cache), jobs, progress
        self._splits = tuple(code for code, name in SPLITS.items() if name in corpus.splits)
        self._with_marks = with_marks

    def count_words(self, vectorizer, fingerprint):
        """The number of occurrences of each word in the training documents.

        Args:
            vectorizer: a `DocumentVectorizer`, whose vocabulary is not used.
            fingerprint: a `Fingerprint`, to which all training and validation documents are added.

        Returns:
            A dict; see `VocabularyLayer.count_words`.
        """
        counts = {}
        for folder in self._split(vectorizer):
            found = FileWords.read(folder)
            words = zip(found.words, found.counts, strict=True)
            # Words of validation documents alone have no count.
            of_file = vectorizer.key_counts({word: number for word, number in words if number})
            add_counts(counts, of_file.items(), most=vectorizer.max_counted_words)
            fingerprint.add_digest(found.digest)
        return counts

    def tokenize(self, vectorizer):
        """The tokens of each split: a dict from "train" and "validation" to `TokenShards`.

        Args:
            vectorizer: the adapted `DocumentVectorizer`.
        """
        folders, config = self._split(vectorizer), vectorizer.get_config()
        names = ("lowercase", "oov_buckets", "word_case", "vocabulary")
        settings = [folders[0].parent.name, {name: config[name] for name in names}]
        with atomic_files.waiting_for(self._folder("ids", settings)) as tables:
            paths = [tables / f"{folder.name}.npy" for folder in folders]
            for folder, path in zip(folders, paths, strict=True):
                if not path.exists():
                    _write_ids(vectorizer, FileWords.read(folder).words, path)
        return {
            name: TokenShards.open([folder / name for folder in folders], paths)
            for name in (SPLITS[code] for code in self._splits)
        }

    def _split(self, vectorizer):
        """Splits the files that were not split into words yet; the folder of each file."""
        corpus = self.corpus
        settings = (vectorizer.max_sentence_words, tuple(corpus.classes), corpus.multi_label)
        settings += (self._splits, self._with_marks)
        words = self._folder("words", settings)
        tasks = [
            SplitTask(shard, *settings, words / f"{number:05d}")
            for number, shard in enumerate(corpus.shards)
        ]
        total = sum(corpus.splits[SPLITS[code]].size for code in self._splits)

        def report(done):
            self.progress("splitting into words", done, total)

        with atomic_files.waiting_for(words):
            left = [task for task in tasks if not task.folder.exists()]
            map_in_processes(split_file, left, self.jobs, report)
        return [task.folder for task in tasks]

    def _folder(self, name, settings):
        parts = [_VERSION, hanlib.__version__, self.corpus.digest, settings]
        digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
        return self.cache / f"{name}-{digest}"


def _write_ids(vectorizer, words, path):
    # All words of the file as one document.
    document = tf.RaggedTensor.from_row_lengths(tf.constant(words, tf.string), [len(words)])
    with atomic_files.replacing(path) as temporary:
        np.save(temporary, vectorizer.tokenize_words(document).ids.numpy())
