"""Leave one out: the decrease of the target's log-odds when a sentence or a word is removed.

    score = m(x) - m(x without the unit),   m the log-odds of the target or a contrast

The unit is removed, not replaced by zeros. With an encoder of two levels, the vector of each row is
computed once: without a sentence only the upper level is computed again, without a word only the
row of that word and the upper level. N-grams are looked up anew in the words that are left.
"""

import numpy as np

from hanlib.explain.documents import parts
from hanlib.explain.removal import Rows, UpperLevel, chunks, logits_of_kept_words
from hanlib.explain.scores import Scores


def leave_one_out(network, documents, targets, seed=0):
    """The decrease of the log-odds without each sentence, and without each word."""
    if not network.has_sentences:
        return _with_one_level(network, documents, targets)
    rows = Rows.of(network, documents.words, documents.row_lengths)
    every = np.arange(len(documents.row_lengths), dtype=np.int32)
    logits = network.upper(rows.vectors, every, *documents.flat)
    targets = network.targets(logits, targets).numpy()
    margins = network.margins(logits, targets).numpy()
    upper = UpperLevel(network, rows)

    def losses(variants, units):
        left = upper.logits(variants)
        of_units = np.repeat(targets, units, axis=0)
        return np.repeat(margins, units) - network.margins(left, of_units).numpy()

    sentences = losses(_without_sentences(upper, documents), documents.document_sentences)
    words = losses(_without_words(upper, documents), documents.document_words)
    return Scores(network.probabilities(logits).numpy(), targets, words, sentences)


def _with_one_level(network, documents, targets):
    """The same for an encoder that reads a document as one sequence; no row can be reused."""
    logits = network.logits(*documents.flat)
    targets = network.targets(logits, targets).numpy()
    margins = network.margins(logits, targets).numpy()
    words = parts(documents.words, documents.document_words)
    rows = parts(documents.row_lengths, documents.document_rows)
    sentences = parts(documents.sentence_words, documents.document_sentences)

    def losses(units, unit_of_word):
        kept = (
            of_word[np.newaxis] != np.arange(count)[:, np.newaxis]
            for count, of_word in zip(units, unit_of_word, strict=True)
        )
        left = logits_of_kept_words(network, zip(words, rows, kept, strict=True))
        of_units = np.repeat(targets, units, axis=0)
        return np.repeat(margins, units) - network.margins(left, of_units).numpy()

    of_sentences = [np.repeat(np.arange(len(lengths)), lengths) for lengths in sentences]
    of_words = [np.arange(len(ids)) for ids in words]
    return Scores(
        network.probabilities(logits).numpy(),
        targets,
        losses(documents.document_words, of_words),
        losses(documents.document_sentences, of_sentences),
    )


def _without_sentences(upper, documents):
    """Each document without each of its sentences in turn."""
    starts = np.cumsum(documents.document_rows) - documents.document_rows
    sentence_rows = parts(documents.sentence_rows, documents.document_sentences)
    lengths = parts(documents.row_lengths, documents.document_rows)
    for start, rows, of_rows in zip(starts, sentence_rows, lengths, strict=True):
        sentence_of_row = np.repeat(np.arange(len(rows)), rows)
        indices = start + np.arange(len(sentence_of_row))
        for some in chunks(len(rows), upper.items(of_rows)):
            kept = sentence_of_row[None, :] != some[:, None]
            yield np.broadcast_to(indices, kept.shape), kept, None


def _without_words(upper, documents):
    """Each document without each of its words in turn."""
    first = len(documents.row_lengths)
    starts = np.cumsum(documents.document_rows) - documents.document_rows
    texts = parts(documents.words, documents.document_words)
    lengths = parts(documents.row_lengths, documents.document_rows)
    for start, words, of_rows in zip(starts, texts, lengths, strict=True):
        row_of_word = np.repeat(np.arange(len(of_rows)), of_rows)
        for some in chunks(len(words), max(upper.items(of_rows), of_rows.max(initial=0))):
            shape = len(some), len(of_rows)
            indices = np.broadcast_to(start + np.arange(len(of_rows)), shape).copy()
            changed = np.arange(len(some)), row_of_word[some]
            indices[changed] = first + np.arange(len(some))
            kept = np.ones(shape, bool)
            # A row with a single word is removed entirely.
            kept[changed] = of_rows[row_of_word[some]] > 1
            yield indices, kept, _rows_without(upper.network, words, of_rows, some)


def _rows_without(network, words, of_rows, some):
    """The rows of some words, each without that word."""
    rows = np.repeat(np.arange(len(of_rows)), of_rows)[some]
    starts, lengths = (np.cumsum(of_rows) - of_rows)[rows], of_rows[rows] - 1
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    taken = np.repeat(starts, lengths) + steps
    taken += taken >= np.repeat(some, lengths)
    return Rows.of(network, words[taken], lengths.astype(np.int32))
