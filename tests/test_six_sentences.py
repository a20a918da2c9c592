"""A tiny network learns six sentences, and labels four others, whatever the seed."""

import csv
from pathlib import Path

import keras
import pytest

from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier

FILE = Path(__file__).parents[2] / "shared" / "data" / "six_sentences.tsv"


def new_classifier(vectorizer):
    encoder = HAN(vectorizer.vocabulary_size, embedding_dim=16, units=3, attention_units=8)
    classifier = DocumentClassifier(vectorizer, encoder, classes=[0, 1])
    classifier.build()
    return classifier


@pytest.mark.skipif(not FILE.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize("seeds", [1, pytest.param(10, marks=pytest.mark.long)])
def test_all_unseen_labels_are_right(seeds):
    with FILE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    train, test = ([row for row in rows if row["split"] == name] for name in ("train", "test"))
    texts, labels = [row["text"] for row in train], [int(row["label"]) for row in train]
    unseen, expected = [row["text"] for row in test], [int(row["label"]) for row in test]
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(texts)
    classifier = new_classifier(vectorizer)
    classifier.compile(keras.optimizers.Adam(0.1))
    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        # New weights for the same graph, which is traced once.
        classifier.set_weights(new_classifier(vectorizer).get_weights())
        for variable in classifier.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(variable * 0)
        classifier.fit(texts, labels, epochs=12, verbose=0)
        assert classifier.predict_label(unseen) == expected, f"seed {seed}"
