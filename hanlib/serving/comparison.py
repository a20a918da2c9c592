"""Compares the answers of an export with those of the model."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.serving.check_report import Difference
from hanlib.serving.signatures import row_scores, score_names, signature_names, word_scores


class ModelAnswers(NamedTuple):
    """The answers of the Keras model.

    Attributes:
        probabilities: `<float32>[docs, classes]`.
        words: Ragged `<string>[docs, (sentences), (words)]`.
        evidence: An `AttentionEvidence`; None if the export has no signature `explain`.
        vectors: `<float32>[docs, features]`.
    """

    probabilities: np.ndarray
    words: tf.RaggedTensor
    evidence: tuple
    vectors: np.ndarray


def model_answers(classifier, texts):
    """The `ModelAnswers` to a list of documents, each `bytes`."""
    tokens = classifier.vectorizer.tokenize(tf.constant(texts, tf.string, shape=[len(texts)]))
    ids = tokens.ragged(tokens.ids)
    explained = "explain" in signature_names(classifier)
    vectors = tf.cast(classifier.encoder(ids, training=False), tf.float32)
    return ModelAnswers(
        classifier.predict(texts, verbose=0),
        tokens.ragged(tokens.words),
        attention_evidence(classifier, ids) if explained else None,
        tf.reshape(vectors, [len(texts), -1]).numpy(),
    )


def compare(way, answers, model, classifier, tolerance):
    """Yields the `Difference`s between the answers of an export and of the model.

    Args:
        way: The batching of the documents, for the report.
        answers: `dict` from signature to a list with the answer to each batch.
        model: The `ModelAnswers` to the same documents.
        classifier: The `DocumentClassifier`.
        tolerance: The largest difference allowed.
    """
    explained = "explain" in answers
    for name in ("serving_default", "explain")[: 1 + explained]:
        probabilities = _joined(answers[name], "probabilities")
        apart = np.abs(probabilities - model.probabilities).max(initial=0)
        yield Difference(f"{name}: probabilities", way, apart, tolerance)
        wrong = _wrong_labels(answers[name], model.probabilities, classifier, tolerance)
        yield Difference(f"{name}: label", way, wrong, 0)
    if explained:
        scores = score_names(classifier)
        yield from _compare_evidence(way, answers["explain"], model, scores, tolerance)
        levels = classifier.encoder.num_levels
        apart = _sums(answers["explain"], classifier.multi_label, levels)
        yield Difference("sums that should be 1", way, apart, 1e-4)
    apart = _relative(_joined(answers["embed"], "vectors"), model.vectors)
    yield Difference("embed: vectors", way, apart, tolerance)


def _joined(batches, output):
    return np.array([row for batch in batches for row in batch[output]], np.float64)


def _wrong_labels(batches, probabilities, classifier, tolerance):
    """The number of documents with another label, ignoring those decided within tolerance."""
    if classifier.multi_label:
        given = [[n for n in row if n] for batch in batches for row in batch["labels"]]
        margins = np.abs(probabilities - np.array(classifier.thresholds)).min(axis=1)
    else:
        given = [name for batch in batches for name in batch["label"]]
        ranked = np.sort(probabilities, axis=1)
        margins = (ranked[:, -1] - ranked[:, -2]) / 2
    expected = classifier.labels_of(probabilities)
    if classifier.multi_label:
        expected = [list(map(str, names)) for names in expected]
    else:
        expected = list(map(str, expected))
    pairs = zip(given, expected, margins, strict=True)
    return sum(mine != model and margin > tolerance for mine, model, margin in pairs)


def _compare_evidence(way, batches, model, scores, tolerance):
    documents = list(_documents(batches, scores))
    expected = _flat(model.words)
    pairs = zip(documents, expected, strict=True)
    wrong = sum(
        [word.encode() for word in document["words"]] != list(row[: len(document["words"])])
        for document, row in pairs
    )
    yield Difference("explain: words", way, wrong, 0)
    for k, level in enumerate(("word", "sentence")):
        for score in scores:
            found = [np.array(document[f"{level}_{score}"], float) for document in documents]
            rows = _by_document(model, score, k)
            rows = [row[: len(mine)] for row, mine in zip(rows, found, strict=True)]
            apart = _relative(np.concatenate(found), np.concatenate(rows))
            # Gradients are products of many factors.
            allowed = 10 * tolerance if score == "gradient_x_attention" else tolerance
            yield Difference(f"explain: {level} {score}", way, apart, allowed)


def _by_document(model, score, level):
    """Scores of the words (0) or rows (1), one array per document."""
    splits = model.words.nested_row_splits
    if level == 1:
        return np.split(row_scores(model.evidence, score).numpy(), splits[0].numpy()[1:-1])
    ends = tf.gather(splits[1], splits[0]).numpy()
    return np.split(word_scores(model.evidence, score).numpy(), ends[1:-1])


def _flat(ragged):
    """The values of each document, as one flat array per document."""
    if ragged.ragged_rank > 1:
        ragged = ragged.merge_dims(1, 2)
    return np.split(ragged.values.numpy(), ragged.row_splits.numpy()[1:-1])


def _documents(batches, scores=("attention",)):
    """The evidence of each document, without padding."""
    for batch in batches:
        for index, sentences in enumerate(batch["sentence_counts"]):
            counts = {"word": sum(batch["word_counts"][index][:sentences]), "sentence": sentences}
            answer = {"words": batch["words"][index][: counts["word"]]}
            for level, count in counts.items():
                for score in scores:
                    answer[f"{level}_{score}"] = batch[f"{level}_{score}"][index][:count]
            answer["whole"] = not batch["omitted_words"][index]
            yield answer


def _sums(batches, multi_label, levels):
    """The largest deviation from 1 of the sums of probabilities and of attention."""
    sums = [] if multi_label else list(_joined(batches, "probabilities").sum(axis=1))
    for document in _documents(batches):
        if document["whole"] and document["words"]:
            sums.append(sum(document["sentence_attention"]))
            # Word attention sums to 1 in each sentence, or in the document with a single level.
            rows = len(document["sentence_attention"]) if levels == 2 else 1
            sums.append(sum(document["word_attention"]) / rows)
    return np.abs(np.array(sums) - 1).max(initial=0)


def _relative(found, expected):
    """The largest difference, divided by the largest value if that is greater than 1."""
    return np.abs(found - expected).max(initial=0) / max(1.0, np.abs(expected).max(initial=0))
