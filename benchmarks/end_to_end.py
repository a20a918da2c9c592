"""Speed of the exported SavedModel, from text to probabilities, in a process with only TensorFlow.

    python benchmarks/end_to_end.py
    python benchmarks/end_to_end.py --model saved_models/imdb_reviews
    python benchmarks/end_to_end.py --ngrams 200000
    python benchmarks/end_to_end.py --fold

Without `--model`, an untrained network of the paper's sizes is exported, with a vocabulary of the
reviews; the weights do not affect the time. The time is measured from a list of Python strings to a
NumPy array, with sequential calls. The goals of the project are at least 1,500 reviews per second
with 64 per call, and a median of at most 15 ms for a single review. With
`--ngrams` the model is measured a second time, with the logits of that many n-grams added: the most
frequent ones of 5,000 reviews, up to three words, with random weights. With `--fold` the same model
is measured with a folded table too, in float32 and in float16. The models answer in turn, so that
other load on the machine slows all of them.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import report
import reviews
from process import answer
from sizes import Sizes

ALONE = Path(__file__).with_name("end_to_end_process.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", type=Path, help="folder written by `hanlib train`, or a .keras file"
    )
    parser.add_argument("--calls", type=int, default=200, help="calls per size (default: 200)")
    parser.add_argument("--ngrams", type=int, default=0, help="n-grams of a second model")
    parser.add_argument("--fold", action="store_true", help="also with folded tables")
    parser.add_argument("--signature", default="serving_default", help="of the SavedModel")
    for part in (reviews, report):
        part.add_arguments(parser)
    arguments = parser.parse_args()
    import numpy as np

    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    texts = [text for text, _ in reviews.review_texts(arguments.data_dir)]
    order = np.random.default_rng(arguments.seed).permutation(len(texts))
    from hanlib.serving import export_saved_model

    classifier = untrained(texts) if arguments.model is None else loaded(arguments.model)
    measured = {"SavedModel, text in": (classifier, {})}
    if arguments.ngrams:
        learned = [texts[place] for place in order[-5_000:]]
        layer = random_ngrams(classifier, learned, arguments.ngrams, arguments.seed)
        classifier.build()
        title = f"The same with {layer.ngrams:,} n-grams"
        measured[title] = classifier.with_ngrams(layer), {}
    if arguments.fold:
        measured |= folded(classifier)
    with tempfile.TemporaryDirectory() as folder:
        asked = [texts[place] for place in order[: 64 * 64]]
        (Path(folder) / "texts.json").write_text(json.dumps(asked))
        exported = [
            export_saved_model(model, Path(folder) / str(number), **options)
            for number, (model, options) in enumerate(measured.values(), 1)
        ]
        found = measure(exported, Path(folder) / "texts.json", arguments)
        tables = list(zip(measured, found, strict=True))
    setting = {
        "model": arguments.model or "the paper's sizes, vocabulary 30,000, first weights",
        "texts": "IMDB reviews in random order",
        "calls a size": arguments.calls,
        "signature": arguments.signature,
    }
    setting["model"] = str(setting["model"])
    report.publish("end_to_end", setting, tables, arguments)


def loaded(model):
    from hanlib.cli.model_file import load_classifier

    return load_classifier(model)


def untrained(texts):
    """An untrained network of the paper's sizes, with a vocabulary of the texts."""
    from hanlib.layers import DocumentVectorizer
    from hanlib.models import HAN, DocumentClassifier

    vectorizer = DocumentVectorizer(max_tokens=Sizes().vocabulary)
    vectorizer.adapt(texts)
    encoder = HAN.from_preset("han_paper", vectorizer.vocabulary_size)
    return DocumentClassifier(vectorizer, encoder, ["neg", "pos"])


def folded(classifier):
    """The models with a folded table, and the options of their exports, by title."""
    from hanlib.serving.folded_table import described

    classifier.build()
    return {
        f"The same, where {described(classifier.encoder, half)}": (
            classifier,
            {"fold": True, "half_precision_tables": half},
        )
        for half in (False, True)
    }


def random_ngrams(classifier, texts, number, seed):
    """A layer of the most frequent n-grams of the texts, with random weights."""
    import numpy as np
    import tensorflow as tf

    from hanlib.data import TokenCache
    from hanlib.layers import NGramLinear
    from hanlib.training.ngram_counts import frequent_ngrams

    vectorizer, classes = classifier.vectorizer, len(classifier.classes)
    tokenize = tf.function(vectorizer, input_signature=[tf.TensorSpec([None], tf.string)])
    cache = TokenCache.build(
        [(text, 0) for text in texts],
        lambda batch: tokenize(tf.constant([text.encode("utf-8", "replace") for text in batch])),
        encode_label=lambda label: label,
    )
    size = vectorizer.vocabulary_size
    keys = frequent_ngrams([cache], size, min_documents=1, most=number)
    layer = NGramLinear(len(keys), classes, size, unknown_words=vectorizer.oov_buckets)
    kernel = np.random.default_rng(seed).normal(size=[len(keys), classes])
    layer.assign(keys, kernel, np.zeros(classes))
    return layer


def measure(exported, texts, arguments):
    """The rows of each exported model, from a process that imports no hanlib."""
    return answer(ALONE, texts, arguments.signature, arguments.calls, *exported, alone=True)


if __name__ == "__main__":
    sys.exit(main())
