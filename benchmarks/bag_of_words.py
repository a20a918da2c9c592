"""Compares a trained model with bag-of-words logistic regressions on the same documents.

    hanlib train demo
    python benchmarks/bag_of_words.py saved_models/demo

prints a table: accuracy of the HAN, and of scikit-learn's logistic regression on the counts and on
the tf-idf weights of single words and of words and pairs, trained on the same training documents
and scored on the same split. A second argument names the split (default: test if there is one).
"""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from hanlib.data import load

# Words and single Han characters, so that all methods see the same characters.
TOKEN = r"(?u)[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+(?:'\w+)?"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder written by `hanlib train`")
    parser.add_argument("split", nargs="?", help="split to score on")
    arguments = parser.parse_args()
    recorded = json.loads((arguments.model / "dataset.json").read_text(encoding="utf-8"))
    corpus = load(**recorded["load"])
    split = arguments.split or ("test" if "test" in corpus.splits else "validation")
    train, held_out = list(corpus.splits["train"]), list(corpus.splits[split])
    print_setting(corpus, split, len(train), len(held_out), arguments.model)
    rows = {f"HAN ({arguments.model.name})": score_han(arguments.model, held_out)}
    for name, vectorizer in BAGS.items():
        rows[name] = score_bag(vectorizer, train, held_out, corpus)
    measure = "micro-F1" if corpus.multi_label else "accuracy"
    print(f"| model | {measure} |\n|---|---|")
    for name, figure in rows.items():
        print(f"| {name} | {figure:.4f} |")


BAGS = {
    "logistic regression, word counts": CountVectorizer(token_pattern=TOKEN),
    "logistic regression, word tf-idf": TfidfVectorizer(token_pattern=TOKEN, sublinear_tf=True),
    "logistic regression, tf-idf of words and pairs": TfidfVectorizer(
        token_pattern=TOKEN, ngram_range=(1, 2), sublinear_tf=True
    ),
}


def print_setting(corpus, split, train, held_out, model):
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("tensorflow", "keras", "scikit-learn")
    )
    seed = json.loads((model / "recipe.json").read_text(encoding="utf-8"))["seed"]
    print(f"{corpus.name}: {train:,} documents to train on, {held_out:,} of {split}; seed {seed}")
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores\n", flush=True)


def score_han(model, held_out):
    import keras

    import hanlib.models  # noqa: F401 - registers the classes
    from hanlib.training import evaluate

    figures = evaluate(keras.models.load_model(model / "model.keras"), held_out)
    return figures.get("accuracy", figures["micro_f1"])


def score_bag(vectorizer, train, held_out, corpus):
    classifier = LogisticRegression(max_iter=1000, C=10)
    texts, labels = zip(*train, strict=True)
    held_out_texts, truth = zip(*held_out, strict=True)
    if not corpus.multi_label:
        model = make_pipeline(vectorizer, classifier).fit(texts, labels)
        return model.score(held_out_texts, truth)
    binarizer = MultiLabelBinarizer(classes=corpus.classes)
    model = make_pipeline(vectorizer, OneVsRestClassifier(classifier))
    model.fit(texts, binarizer.fit_transform(labels))
    return f1_score(binarizer.transform(truth), model.predict(held_out_texts), average="micro")


if __name__ == "__main__":
    sys.exit(main())
