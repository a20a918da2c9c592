"""The entries and tables of `train_step.py` and `predict.py`."""

import importlib.util
from dataclasses import replace

from baseline_runner import Entry

CELLS = ("gru", "output_gate_gru", "two_state", "mgu", "min_gru", "elman", "lstm")


def peers(sizes, slow_batches):
    """The entries of the first table, hanlib first; slow ones run fewer batches per round."""
    entries = [Entry("hanlib", "hanlib", sizes)]
    if importlib.util.find_spec("torch"):
        entries.append(Entry("PyTorch, packed", "torch", sizes))
    compiled, folded = {"jit_compile": True}, {"fold": True}
    for title, name, options in (
        ("Keras box, `TimeDistributed`", "keras_box", {}),
        ("Keras box, `TimeDistributed`, XLA", "keras_box", compiled),
        ("Keras box, folded", "keras_box", folded),
        ("Keras box, folded, XLA", "keras_box", {**folded, **compiled}),
        ("Keras box, folded, no masks", "keras_box", {**folded, "masked": False}),
        ("Keras flat", "keras_flat", {}),
        ("Keras flat, XLA", "keras_flat", compiled),
    ):
        entries.append(Entry(title, name, sizes, options, slow_batches))
    return entries


def cells(sizes):
    """The entries of the table of cells; the first is the default."""
    entries = [Entry(cell, "hanlib", replace(sizes, cell=cell)) for cell in CELLS]
    before = Entry("gru, reset before", "hanlib", sizes, {"reset_after": False})
    return [entries[0], before, *entries[1:]]


def table(results, first="network"):
    """Rows of the results; ratios are relative to the first one."""
    return [
        {
            first: result.title + (f" ({result.note})" if result.note else ""),
            "documents/s": round(result.documents_a_second, 1),
            "words/s": round(result.words_a_second),
            f"{results[0].title} is": f"{results[0].times_faster_than(result):.2f} x",
            "ready after, s": round(result.start, 1),
            "peak memory, MB": round(result.memory / 1e6),
        }
        for result in results
    ]


def add_arguments(parser):
    """The options of both benchmarks."""
    parser.add_argument("--batches", type=int, default=10, help="batches per round (default: 10)")
    parser.add_argument(
        "--documents", type=int, default=64, help="documents per batch (default: 64)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--only", help="part of the titles of peers to compare with hanlib")
    parser.add_argument("--without", help="part of the titles of peers to exclude")


def chosen(entries, only, without=None):
    """The first entry, and those whose title contains `only` and not `without`."""

    def fits(title):
        title = title.lower()
        return (only or "").lower() in title and not (without and without.lower() in title)

    return entries[:1] + [entry for entry in entries[1:] if fits(entry.title)]


def setting(sizes, batches, arguments):
    """The setting for the heading of the tables."""
    documents = sum(len(batch.labels) for batch in batches)
    words = sum(len(batch.ids) for batch in batches)
    return {
        "network": (
            f"{sizes.dim}-d word vectors, {sizes.units} units each way, attention "
            f"{sizes.attention}, vocabulary {sizes.vocabulary:,}"
        ),
        "batches a round": f"{len(batches)} of {arguments.documents} IMDB reviews in random order",
        "words a document": words / documents,
        "rounds": arguments.rounds,
    }
