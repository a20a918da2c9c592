"""The linear n-gram part alone, beside scikit-learn's TF-IDF, on the validation split.

    python benchmarks/ngrams.py imdb_reviews

prints, for each dataset that is named, the accuracy (micro-F1 where documents have several labels)
of `hanlib.training.fit_ngrams`, of the same without latent directions, and of a logistic regression
on the TF-IDF weights of single words and pairs, all trained on the same documents and scored on the
same validation documents. Where a dataset has no validation split, a tenth of its training
documents is drawn by seed, as `hanlib train` does. The test split is not read.

`--documents N` keeps N training documents, drawn by seed; the others are scored too, at most 12,000
of them. `--unlabelled` adds a row that also reads the unlabelled texts of the dataset.

The table gives seconds of the fit from token ids (for scikit-learn, from text), the peak memory of
the process of each model, data and libraries included, and documents per second: of
`NGramLinear.logits` from token ids in batches of 64, of scikit-learn from text.
"""

import argparse
import concurrent.futures
import multiprocessing
import resource
import sys
import time

import numpy as np
import report
import tensorflow as tf
from bag_of_words import BAGS
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from hanlib.data import Corpus, TokenCache, load
from hanlib.data.corpus import Split
from hanlib.training import Recipe, fit_ngrams
from hanlib.training.builders import build_vectorizer, ids_of
from hanlib.training.evaluation import label_encoder
from hanlib.training.ngram_part import longest_ngram

# Documents that are left of the training split and scored.
MOST_SCORED = 12_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+", help="names or paths that `hanlib train` takes")
    parser.add_argument("--max-ngram", type=int, help="words of the longest n-gram")
    parser.add_argument("--max-ngrams", type=int, default=300_000, help="most n-grams")
    parser.add_argument("--max-tokens", type=int, default=Recipe().max_tokens, help="most word ids")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    parser.add_argument("--documents", type=int, help="training documents to keep")
    parser.add_argument("--unlabelled", action="store_true", help="read unlabelled texts too")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    tables = [measure(dataset, arguments) for dataset in arguments.datasets]
    setting = {name: getattr(arguments, name) for name in ("max_ngram", "max_ngrams", "max_tokens")}
    report.publish("ngrams", setting, tables, arguments)


def measure(dataset, arguments):
    """The title and rows of the table of one dataset."""
    corpus = corpus_of(dataset, arguments)
    models = [of_tf_idf, of_ratios, of_ngrams]
    if arguments.unlabelled and corpus.unlabelled is not None:
        models.append(of_unlabelled)
    rows = [alone(model, dataset, arguments) for model in models]
    sizes = {name: corpus.splits[name].size for name in ("train", "validation")}
    measure = "micro-F1" if corpus.multi_label else "accuracy"
    return f"{corpus.name}, {measure}; documents: {sizes}", rows


def corpus_of(dataset, arguments):
    """The corpus with the training and validation documents of the table."""
    corpus = load(dataset, data_dir=arguments.data_dir)
    if arguments.documents is None:
        return corpus
    examples = list(corpus.splits["train"])
    order = np.random.default_rng(arguments.seed).permutation(len(examples))
    kept, rest = order[: arguments.documents], order[arguments.documents :][:MOST_SCORED]
    held_out = [*corpus.splits["validation"], *(examples[index] for index in rest)]
    splits = {"train": [examples[index] for index in kept], "validation": held_out}
    splits = {name: Split(lambda some=some: iter(some), len(some)) for name, some in splits.items()}
    return Corpus(
        corpus.name, corpus.classes, corpus.multi_label, splits, unlabelled=corpus.unlabelled
    )


def alone(function, *arguments):
    """What a function gives in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


def of_ratios(dataset, arguments):
    return of_ngrams(
        dataset, arguments, "NGramLinear, without latent directions", latent_strengths=()
    )


def of_unlabelled(dataset, arguments):
    corpus = load(dataset, data_dir=arguments.data_dir)
    name = f"NGramLinear, {corpus.unlabelled.size:,} unlabelled texts"
    return of_ngrams(dataset, arguments, name, corpus.unlabelled)


def of_ngrams(dataset, arguments, name="NGramLinear", unlabelled=(), **options):
    corpus = corpus_of(dataset, arguments)
    vectorizer = build_vectorizer(Recipe(max_tokens=arguments.max_tokens))
    vectorizer.adapt([*corpus.splits["train"].texts(), *unlabelled])
    if unlabelled:
        examples = ((text, 0) for text in unlabelled)
        options["unlabelled"] = TokenCache.build(examples, ids_of(vectorizer), encode_label=int)
    train, validation = (tokenized(corpus, name, vectorizer) for name in ("train", "validation"))
    start = time.monotonic()
    fitted = fit_ngrams(
        train,
        len(corpus.classes),
        vectorizer.vocabulary_size,
        multi_label=corpus.multi_label,
        max_ngram=longest_ngram(arguments.max_ngram, vectorizer),
        max_ngrams=arguments.max_ngrams,
        seed=arguments.seed,
        progress=lambda *state: print(*state, end="    \r", file=sys.stderr, flush=True),
        **options,
    )
    seconds = time.monotonic() - start
    logits, rate = predicted(fitted.layer, validation)
    out_of_fold = score(fitted.out_of_fold_logits, train.labels, corpus.multi_label)
    return {
        "model": name,
        "validation": f"{score(logits, validation.labels, corpus.multi_label):.4f}",
        "out of fold": f"{out_of_fold:.4f}",
        "n-grams": fitted.layer.ngrams,
        "strengths": " / ".join(map(str, fitted.strengths)),
        "fit, s": seconds,
        "memory, MB": peak_memory(),
        "documents/s": rate,
    }


def tokenized(corpus, name, vectorizer):
    encode = label_encoder(corpus.classes, corpus.multi_label)
    return TokenCache.build(corpus.splits[name], ids_of(vectorizer), encode_label=encode)


def predicted(layer, tokens, batch_size=64):
    """The logits of all documents, and the documents per second, first batch left out."""
    spec = tf.TensorSpec([None], tf.int32)
    run = tf.function(layer.logits, input_signature=[spec] * 3, autograph=False)
    batches = np.split(np.arange(tokens.documents), range(batch_size, tokens.documents, batch_size))
    given = [[tf.constant(part, tf.int32) for part in tokens.flat(batch)] for batch in batches]
    run(*given[0])
    start = time.monotonic()
    logits = [run(*parts) for parts in given]
    rate = tokens.documents / (time.monotonic() - start)
    return np.concatenate([part.numpy() for part in logits]), rate


def of_tf_idf(dataset, arguments):
    corpus = corpus_of(dataset, arguments)
    texts, labels = zip(*corpus.splits["train"], strict=True)
    held_out, held_out_labels = zip(*corpus.splits["validation"], strict=True)
    encode = label_encoder(corpus.classes, corpus.multi_label)
    truth, held_out_truth = (
        np.stack([encode(label) for label in part]) for part in (labels, held_out_labels)
    )
    classifier = LogisticRegression(max_iter=1000, C=10)
    if corpus.multi_label:
        classifier = OneVsRestClassifier(classifier)
    bag = BAGS["logistic regression, tf-idf of words and pairs"]
    model = make_pipeline(bag, classifier)
    start = time.monotonic()
    model.fit(texts, truth.astype(int))
    seconds = time.monotonic() - start
    start = time.monotonic()
    logits = model.decision_function(held_out)
    rate = len(held_out) / (time.monotonic() - start)
    if logits.ndim == 1:
        logits = np.stack([-logits, logits], axis=1)
    return {
        "model": "scikit-learn TF-IDF (1, 2), logistic regression",
        "validation": f"{score(logits, held_out_truth, corpus.multi_label):.4f}",
        "out of fold": None,
        "n-grams": len(model[0].vocabulary_),
        "strengths": "C=10",
        "fit, s": seconds,
        "memory, MB": peak_memory(),
        "documents/s": rate,
    }


def score(logits, labels, multi_label):
    """Accuracy, or micro-F1 at the threshold 0.5."""
    if multi_label:
        return float(f1_score(labels > 0.5, logits > 0, average="micro", zero_division=0))
    return float((logits.argmax(axis=1) == labels).mean())


def peak_memory():
    """The most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
