"""The network with and without region embeddings, alone and together with the n-grams.

    python benchmarks/region_vectors.py imdb_reviews --documents 12500 --epochs 3

trains the default network on some training documents, without the adversary, with word vectors
learned from the unlabelled texts: once without region embeddings, and once with those that
`hanlib.embeddings.region_vectors` learns from the same texts. The validation documents and the
training documents that are left, at most 12,000, are scored. The first 2,500 of them decide how
much the n-grams count in the sum, so the sum is scored on the others. The test split is not read.
"""

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import report
import tensorflow as tf
from ngrams import corpus_of, predicted, tokenized

from hanlib.data import TokenCache, batches_of
from hanlib.embeddings import ppmi_vectors, region_vectors
from hanlib.ops.token_batch import to_ragged
from hanlib.training import AveragedWeights, Recipe, fit_ngrams, mixing_weights
from hanlib.training.builders import (
    build_classifier,
    build_vectorizer,
    compile_classifier,
    ids_of,
)
from hanlib.training.word_vectors import blocks

# Documents that decide on the weights of the sum.
MIXED = 2_500


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="a data set with unlabelled texts")
    parser.add_argument("--documents", type=int, default=12_500, help="training documents")
    parser.add_argument("--epochs", type=int, help="default: as of `hanlib train`")
    parser.add_argument("--width", type=int, default=100, help="size of the region embeddings")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    rows = measure(arguments)
    title = f"{arguments.dataset}, {arguments.documents:,} training documents"
    setting = {"width": arguments.width, "epochs": arguments.epochs or "default"}
    report.publish("region_vectors", setting, [(title, rows)], arguments)


def measure(arguments):
    """The rows of the table."""
    corpus = corpus_of(arguments.dataset, arguments)
    vectorizer = build_vectorizer(Recipe())
    vectorizer.adapt(corpus.unlabelled)
    examples = ((text, 0) for text in corpus.unlabelled)
    unlabelled = TokenCache.build(examples, ids_of(vectorizer), encode_label=int)
    train, scored = (tokenized(corpus, name, vectorizer) for name in ("train", "validation"))
    size = vectorizer.vocabulary_size
    vectors = ppmi_vectors(blocks(unlabelled, size), size, 200, seed=arguments.seed)
    start = time.process_time()
    regions = region_vectors(blocks(unlabelled, size), size, arguments.width, seed=arguments.seed)
    learning = time.process_time() - start
    fitted = fit_ngrams(train, len(corpus.classes), size, seed=arguments.seed)
    ngrams, right = predicted(fitted.layer, scored)[0], scored.labels
    alone = ngrams.argmax(axis=1) == right
    rows = [{"model": "n-grams", **of_network(None), **of_sum(alone), "CPU minutes": None}]
    for name, given in (("network", None), ("network with region embeddings", regions)):
        start = time.process_time()
        classifier = trained(vectorizer, corpus.classes, train, vectors, given, arguments)
        seconds = time.process_time() - start + (learning if given else 0)
        logits = logits_of(classifier, scored)
        mixed = mixing_weights(logits[:MIXED], ngrams[:MIXED], right[:MIXED])
        of_both = mixed.logits(logits, ngrams).argmax(axis=1) == right
        found = logits.argmax(axis=1) == right
        own = {**of_network(found), **of_sum(of_both), "CPU minutes": seconds / 60}
        rows.append({"model": name, **own})
        print(rows[-1], file=sys.stderr, flush=True)
        if given is None:
            without, both_without = found, of_both
    rows.append(
        {
            "model": "difference, with its standard error",
            "alone": difference(found, without),
            "with n-grams": difference(of_both[MIXED:], both_without[MIXED:]),
            "CPU minutes": None,
        }
    )
    return rows


def of_network(right):
    return {"alone": None if right is None else f"{right.mean():.4f}"}


def of_sum(right):
    return {"with n-grams": f"{right[MIXED:].mean():.4f}"}


def difference(first, second):
    """The mean difference of paired answers, and its standard error."""
    each = first.astype(float) - second
    return f"{each.mean():+.4f} ± {each.std() / np.sqrt(len(each)):.4f}"


def trained(vectorizer, classes, train, vectors, regions, arguments):
    """A classifier after its last epoch."""
    keras.utils.set_random_seed(arguments.seed)
    width = 0 if regions is None else arguments.width
    recipe = Recipe(
        adversarial_norm=0.0, epochs=arguments.epochs, region_dim=width, seed=arguments.seed
    ).for_documents(train.documents)
    classifier = build_classifier(recipe, vectorizer, list(classes), multi_label=False)
    table = classifier.encoder.embedding.embeddings
    table.assign(vectors.embeddings(table.numpy(), recipe.vectors_std))
    if regions is not None:
        classifier.encoder.set_regions(regions)
    batches = batches_of(
        train,
        recipe.batch_size,
        seed=recipe.seed,
        max_batch_words=recipe.max_batch_words,
        epochs=recipe.epochs,
    )
    compile_classifier(classifier, recipe, batches.steps * recipe.epochs)
    classifier.fit(batches, epochs=recipe.epochs, verbose=0, callbacks=[AveragedWeights()])
    return classifier


def logits_of(classifier, tokens, batch_size=64):
    """The logits of the network, `<float32>[docs, classes]`."""

    @tf.function(reduce_retracing=True)
    def run(batch):
        return classifier.logits(classifier.encoder(to_ragged(batch), training=False))

    found = np.zeros([tokens.documents, len(classifier.classes)], np.float32)
    order = np.argsort(tokens.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        found[batch] = run({k: tf.constant(v) for k, v in tokens.padded(batch).items()}).numpy()
    return found


if __name__ == "__main__":
    sys.exit(main())
