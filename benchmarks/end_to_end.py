"""Text in, probabilities out, through the exported SavedModel in a process with TensorFlow alone.

    python benchmarks/end_to_end.py
    python benchmarks/end_to_end.py --model saved_models/imdb_reviews

Without `--model` a network of the paper's sizes with its first weights is exported, over a
vocabulary of the reviews: weights do not change the time. The clock runs from a list of Python
strings to a NumPy array; calls follow each other, one at a time. The goals are those of the
project: at least 1,500 reviews a second at 64 a call, at most 15 ms at the median for one.
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
        "--model", type=Path, help="folder made by `hanlib train`, or a .keras file"
    )
    parser.add_argument("--calls", type=int, default=200, help="calls a size (default: 200)")
    parser.add_argument("--signature", default="serving_default", help="of the SavedModel")
    for part in (reviews, report):
        part.add_arguments(parser)
    arguments = parser.parse_args()
    import numpy as np

    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    texts = [text for text, _ in reviews.review_texts(arguments.data_dir)]
    order = np.random.default_rng(arguments.seed).permutation(len(texts))
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "1"
        export(arguments.model, texts, exported)
        asked = [texts[place] for place in order[: 64 * 64]]
        (Path(folder) / "texts.json").write_text(json.dumps(asked))
        rows = measure(exported, Path(folder) / "texts.json", arguments)
    setting = {
        "model": arguments.model or "the paper's sizes, vocabulary 30,000, first weights",
        "texts": "IMDB reviews in random order",
        "calls a size": arguments.calls,
        "signature": arguments.signature,
    }
    setting["model"] = str(setting["model"])
    report.publish("end_to_end", setting, [("SavedModel, text in", rows)], arguments)


def export(model, texts, directory):
    """Writes the SavedModel that is measured."""
    from hanlib.serving import export_saved_model

    export_saved_model(untrained(texts) if model is None else loaded(model), directory)


def loaded(model):
    from hanlib.cli.model_file import load_classifier

    return load_classifier(model)


def untrained(texts):
    """The paper's network with its first weights, and a vocabulary of the texts."""
    from hanlib.layers import DocumentVectorizer
    from hanlib.models import HAN, DocumentClassifier

    vectorizer = DocumentVectorizer(max_tokens=Sizes().vocabulary)
    vectorizer.adapt(texts)
    encoder = HAN.from_preset("han_paper", vectorizer.vocabulary_size)
    return DocumentClassifier(vectorizer, encoder, ["neg", "pos"])


def measure(exported, texts, arguments):
    """The rows, from a process that imports no hanlib."""
    return answer(ALONE, exported, texts, arguments.signature, arguments.calls, alone=True)


if __name__ == "__main__":
    sys.exit(main())
