"""Alternatives for the input product at inference, and the number of repeated sentences.

    python benchmarks/input_product.py

The lower level needs W x + b for each word and direction: 6 x 50 numbers. It can be computed for
each word, for each distinct word of the batch, or for the whole vocabulary when the model is
exported (a folded table, larger than the word vectors, in two precisions). The second table has the
share of sentences and words that would be saved if equal sentences of a batch were encoded once.
"""

import argparse
import statistics
import sys

import limit
import peers
import report
import reviews
from sizes import Sizes

DIRECTIONS, GATES = 2, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in (peers, reviews, report):
        part.add_arguments(parser)
    arguments = parser.parse_args()
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.cli.threads import share_cores

    share_cores()
    start_tensorflow()
    sizes = Sizes()
    documents = reviews.review_ids(arguments, sizes.vocabulary)
    batches = documents.batches(arguments.documents, arguments.batches, arguments.seed)
    tables = [
        ("Projected inputs of all words", ways(batches, sizes, arguments.rounds)),
        ("What repeats", repeats(batches)),
    ]
    report.publish("input_product", peers.setting(sizes, batches, arguments), tables, arguments)


def ways(batches, sizes, rounds):
    """Milliseconds per batch of each alternative, and the size of its table."""
    import tensorflow as tf

    width = DIRECTIONS * GATES * sizes.units
    vectors = tf.Variable(tf.random.normal([sizes.vocabulary, sizes.dim]))
    kernel = tf.Variable(tf.random.normal([sizes.dim, width]))
    folded = tf.Variable(tf.matmul(vectors, kernel))
    half = tf.Variable(tf.cast(folded, tf.float16))

    def once_a_word(ids):
        return tf.matmul(tf.gather(vectors, ids), kernel)

    def once_a_distinct_word(ids):
        distinct, index = tf.unique(ids)
        return tf.gather(tf.matmul(tf.gather(vectors, distinct), kernel), index)

    def folded_word_by_word(ids):
        return tf.gather(folded, ids)

    def folded_distinct_words(ids):
        distinct, index = tf.unique(ids)
        return tf.gather(tf.gather(folded, distinct), index)

    def folded_half(ids):
        distinct, index = tf.unique(ids)
        return tf.gather(tf.cast(tf.gather(half, distinct), tf.float32), index)

    found = [
        ("word by word", once_a_word, vectors),
        ("distinct words (hanlib)", once_a_distinct_word, vectors),
        ("folded table, word by word", folded_word_by_word, folded),
        ("folded table, distinct words", folded_distinct_words, folded),
        ("folded table in float16, distinct words", folded_half, half),
    ]
    words = [tf.constant(batch.ids) for batch in batches]
    jobs = {}
    for title, way, _ in found:
        traced = tf.function(way, input_signature=[tf.TensorSpec([None], tf.int32)])
        jobs[title] = lambda traced=traced: [traced(ids)[-1, -1].numpy() for ids in words]
    seconds = limit.in_turns(jobs, rounds)
    rows = []
    for title, _, table in found:
        took = statistics.median(seconds[title]) / len(batches)
        megabytes = table.dtype.size * table.shape.num_elements() / 1e6
        rows.append({"way": title, "ms a batch": 1e3 * took, "table, MB": megabytes})
    return rows


def repeats(batches):
    """The share of repeated sentences in a batch, and of the words in them."""
    sentences = words = spared_sentences = spared_words = 0
    for batch in batches:
        ends = batch.words.cumsum()
        rows = [
            batch.ids[end - count : end].tobytes()
            for end, count in zip(ends, batch.words, strict=True)
        ]
        size = batch.ids.itemsize
        sentences += len(rows)
        words += len(batch.ids)
        spared_sentences += len(rows) - len(set(rows))
        spared_words += len(batch.ids) - sum(len(row) for row in set(rows)) // size
    return [
        {"repeated": "sentences", "share": spared_sentences / sentences},
        {"repeated": "words in them", "share": spared_words / words},
    ]


if __name__ == "__main__":
    sys.exit(main())
