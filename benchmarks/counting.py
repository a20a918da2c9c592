"""Time and memory of the n-grams and of own word vectors, phase by phase, on random words.

    python benchmarks/counting.py

The documents are ids with the frequencies of Zipf's law, written straight to arrays: 100 words on
average, in rows of 20, of two classes that differ in the frequencies of even and odd ids. Words do
not depend on their neighbors, so there are more different n-grams and pairs than in real texts of
as many words. The n-grams are those of `hanlib.training.fit_ngrams` with its defaults, the vectors
those of `hanlib.embeddings.ppmi_vectors`, each in a process of its own. Memory is the peak during a
phase; the first row is what TensorFlow, the other libraries and the documents take.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import report
from process import answer

PER_DOCUMENT, PER_ROW = 100, 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=20_000_000, help="default: 20 million")
    parser.add_argument("--vocabulary", type=int, default=30_000, help="ids (default: 30,000)")
    parser.add_argument("--width", type=int, default=100, help="of a word vector (default: 100)")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), help="default: all"
    )
    parser.add_argument("--measure", choices=PARTS, help=argparse.SUPPRESS)
    report.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(PARTS[arguments.measure](arguments)))
        return
    names = ("words", "vocabulary", "width", "seed")
    given = [text for name in names for text in (f"--{name}", getattr(arguments, name))]
    tables = [(part, answer(__file__, "--measure", part, *given)) for part in arguments.parts]
    setting = {name: getattr(arguments, name) for name in names[:-1]}
    report.publish("counting", setting, tables, arguments)


def documents(arguments):
    """A `TokenCache` of random documents."""
    from hanlib.data import TokenCache

    random = np.random.default_rng(arguments.seed)
    count = arguments.words // PER_DOCUMENT
    lengths = random.integers(1, 2 * PER_DOCUMENT, count)
    labels = random.integers(0, 2, count)
    # Zipf's law: the logarithm of the rank is uniform.
    most = arguments.vocabulary - 2
    ids = (most ** random.random(lengths.sum(), np.float32)).astype(np.int32) + 1
    # Every fifth word is of the parity of the class.
    own = random.random(len(ids), np.float32) < 0.2
    ids[own] = np.minimum(ids[own] // 2 * 2 + np.repeat(labels, lengths)[own], most + 1)
    rows = -(-lengths // PER_ROW)
    row_lengths = np.full(rows.sum(), PER_ROW)
    row_lengths[np.cumsum(rows) - 1] = lengths - PER_ROW * (rows - 1)
    return TokenCache(
        {
            "ids": ids,
            "words_per_sentence": row_lengths.astype(np.int32),
            "sentences_per_document": rows.astype(np.int32),
            "lengths": lengths.astype(np.int32),
            "labels": labels.astype(np.int32),
        }
    )


def ngrams(arguments):
    """One row per phase of `fit_ngrams`."""
    from hanlib.training.ngrams import fit_ngrams

    phases, tokens = Phases("TensorFlow and documents"), documents(arguments)
    fitted = fit_ngrams(
        tokens, 2, arguments.vocabulary, progress=lambda phase, done, total: phases(phase)
    )
    right = (fitted.out_of_fold_logits.argmax(axis=1) == tokens.labels).mean()
    if right < 0.6:
        raise AssertionError(f"only {right:.0%} of the labels were learned")
    return phases.rows()


def vectors(arguments):
    """One row per phase of `ppmi_vectors`."""
    from hanlib.embeddings import ppmi_vectors
    from hanlib.training.word_vectors import blocks

    phases, tokens = Phases("documents"), documents(arguments)

    def report(done):
        phases("decomposing" if done == tokens.documents else "counting pairs")

    texts = blocks(tokens, arguments.vocabulary)
    ppmi_vectors(texts, arguments.vocabulary, arguments.width, progress=report)
    return phases.rows()


PARTS = {"ngrams": ngrams, "vectors": vectors}


class Phases:
    """Seconds and peak memory of phases that follow each other (Linux)."""

    def __init__(self, first):
        self._phase, self._rows, self._began = first, [], time.perf_counter()

    def __call__(self, phase):
        """A phase begins, unless it is the current one."""
        if phase != self._phase:
            self.rows()
            self._phase, self._began = phase, time.perf_counter()
            # The next peak begins at the present size.
            Path("/proc/self/clear_refs").write_text("5")

    def rows(self):
        """Ends the current phase; the rows of all."""
        from baseline_runner import peak_memory

        seconds = time.perf_counter() - self._began
        self._rows.append(
            {"phase": self._phase, "seconds": seconds, "memory, MB": peak_memory() / 1e6}
        )
        return self._rows


if __name__ == "__main__":
    sys.exit(main())
