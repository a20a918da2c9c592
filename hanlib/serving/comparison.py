"""Compares the answers of an export with those of the model."""

import itertools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.explain.margins import NONE, PREDICTED, RUNNER_UP
from hanlib.explain.targets import predicted
from hanlib.ops.model_graph import model_graph
from hanlib.serving.check_report import Difference
from hanlib.serving.evidence_scores import row_scores, score_names, word_scores
from hanlib.serving.signatures import class_bytes, signature_names


class Evidence(NamedTuple):
    """The evidence that `explain` or `contrast` must return.

    Attributes:
        targets: `<int32>[docs, 2]`, as in an `AttentionEvidence`.
        scores: `dict` from a key such as `("word", "attention")` to an array for each document.
    """

    targets: np.ndarray
    scores: dict


class ModelAnswers(NamedTuple):
    """The answers of the Keras model.

    Attributes:
        probabilities: `<float32>[docs, classes]`.
        words: For each document, an array of its words as `bytes`.
        evidence: The `Evidence` by signature; empty if the export has no signature `explain`.
        vectors: `<float32>[docs, features]`.
    """

    probabilities: np.ndarray
    words: list
    evidence: dict
    vectors: np.ndarray


def named_pairs(classifier, number):
    """Values of `target` and `against` for a number of documents: named classes and "" in turn.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> named_pairs(DocumentClassifier(None, HAN(9), ["bad", "good"]), 4)
    {'target': [b'', b'good', b'', b'bad'], 'against': [b'', b'bad', b'bad', b'']}
    """
    first, *_, last = class_bytes(classifier) * 2
    pairs = [(b"", b""), (last, first), (b"", first), (first, b""), (last, b"")]
    chosen = [pairs[n % len(pairs)] for n in range(number)]
    return {"target": [a for a, _ in chosen], "against": [b for _, b in chosen]}


def model_answers(classifier, ways):
    """The `ModelAnswers` by way of batching.

    Args:
        classifier: The `DocumentClassifier`.
        ways: `dict` from the name of a way to batches, as in
            `hanlib.serving.export_check.replayed`.
    """
    explained = "explain" in signature_names(classifier)

    def run(ids, targets):
        evidence = attention_evidence(classifier, ids, targets) if explained else None
        return classifier.encoder(ids, training=False), evidence

    # One graph for all batches.
    specs = tf.RaggedTensorSpec([None] * 3, tf.int32, 2), tf.TensorSpec([None, 2], tf.int32)
    run = model_graph(run, *specs)
    return {
        way: _joined_answers([_batch_answers(classifier, run, batch) for batch in batches])
        for way, batches in ways.items()
    }


def _joined_answers(answers):
    probabilities, words, evidence, vectors = zip(*answers, strict=True)
    return ModelAnswers(
        np.concatenate(probabilities),
        [row for batch in words for row in batch],
        {name: _joined_evidence([batch[name] for batch in evidence]) for name in evidence[0]},
        np.concatenate(vectors),
    )


def _joined_evidence(batches):
    targets, scores = zip(*batches, strict=True)
    joined = {key: [row for batch in scores for row in batch[key]] for key in scores[0]}
    return Evidence(np.concatenate(targets), joined)


def _batch_answers(classifier, run, batch):
    texts = batch["text"]
    tokens = classifier.vectorizer.tokenize(tf.constant(texts, tf.string, shape=[len(texts)]))
    ids, words = tokens.ragged(tokens.ids), tokens.ragged(tokens.words)
    targets = {"explain": predicted(len(texts))}
    if "contrast" in signature_names(classifier) and "target" in batch:
        targets["contrast"] = _target_pairs(classifier, batch)
    found = {name: run(ids, tf.constant(pairs)) for name, pairs in targets.items()}
    vectors, explained = found["explain"]
    return ModelAnswers(
        classifier.predict(texts, verbose=0),
        _by_document(words.flat_values.numpy(), _word_ends(words)),
        {n: _evidence(e, words, classifier) for n, (_, e) in found.items()} if explained else {},
        tf.reshape(tf.cast(vectors, tf.float32), [len(texts), -1]).numpy(),
    )


def _target_pairs(classifier, batch):
    """The classes that a batch names, `<int32>[docs, 2]`."""
    index = {name: number for number, name in enumerate(class_bytes(classifier))}
    return np.array(
        [
            [{**index, b"": empty}[name] for name in batch[argument]]
            for argument, empty in (("target", PREDICTED), ("against", RUNNER_UP))
        ],
        np.int32,
    ).T


def _evidence(evidence, words, classifier):
    by_word = _word_ends(words), word_scores
    by_row = words.nested_row_splits[0].numpy(), row_scores
    scores = {
        (level, score): _by_document(read(evidence, score).numpy(), splits)
        for level, (splits, read) in {"word": by_word, "sentence": by_row}.items()
        for score in score_names(classifier)
    }
    return Evidence(evidence.targets.numpy(), scores)


def _word_ends(words):
    """The row splits of a ragged batch, counted in words."""
    splits = words.nested_row_splits
    return (tf.gather(splits[1], splits[0]) if len(splits) > 1 else splits[0]).numpy()


def _by_document(values, splits):
    return np.split(values, splits[1:-1])


def compare(way, answers, model, classifier, tolerance):
    """Yields the `Difference`s between the answers of an export and of the model.

    Args:
        way: The batching of the documents, for the report.
        answers: `dict` from signature to a list with the answer to each batch.
        model: The `ModelAnswers` to the same documents.
        classifier: The `DocumentClassifier`.
        tolerance: The largest difference allowed.
    """
    explained = [name for name in ("explain", "contrast") if name in answers]
    for name in ("serving_default", *explained):
        probabilities = _joined(answers[name], "probabilities")
        apart = np.abs(probabilities - model.probabilities).max(initial=0)
        yield Difference(f"{name}: probabilities", way, apart, tolerance)
        wrong = _wrong_labels(answers[name], model.probabilities, classifier, tolerance)
        yield Difference(f"{name}: label", way, wrong, 0)
    for name in explained:
        yield from _compare_evidence(name, way, answers[name], model, classifier, tolerance)
    if explained:
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


def _compare_evidence(name, way, batches, model, classifier, tolerance):
    expected = model.evidence[name]
    documents = list(_documents(batches, {score for _, score in expected.scores}))
    wrong = sum(
        [word.encode() for word in document["words"]] != list(row[: len(document["words"])])
        for document, row in zip(documents, model.words, strict=True)
    )
    yield Difference(f"{name}: words", way, wrong, 0)
    same, wrong = _same_classes(batches, expected.targets, model, classifier, tolerance)
    yield Difference(f"{name}: classes", way, wrong, 0)
    for (level, score), rows in expected.scores.items():
        found = [np.array(document[f"{level}_{score}"], float) for document in documents]
        rows = [row[: len(mine)] for row, mine in zip(rows, found, strict=True)]
        both = [itertools.compress(scores, same) for scores in (found, rows)]
        apart = _relative(*(np.concatenate([[], *scores]) for scores in both))
        # Gradients are products of many factors.
        allowed = 10 * tolerance if score == "gradient_x_attention" else tolerance
        yield Difference(f"{name}: {level} {score}", way, apart, allowed)


def _same_classes(batches, expected, model, classifier, tolerance):
    """Whether each document is explained for the classes that the model chooses.

    Returns:
        `<bool>[docs]`, and the number of documents with other classes, ignoring choices between
        classes whose probabilities are within tolerance.
    """
    index = {name.decode(): number for number, name in enumerate(class_bytes(classifier))}
    given = [
        (index[target], index.get(against, NONE))
        for batch in batches
        for target, against in zip(
            batch["target"], batch.get("against", [""] * len(batch["target"])), strict=True
        )
    ]
    chosen, rows = np.array(given, int).reshape(-1, 2), np.arange(len(given))
    # If A differs, B may differ for that reason alone.
    column = np.where(chosen[:, 0] != expected[:, 0], 0, 1)
    mine, right = (
        model.probabilities[rows, classes[rows, column]] for classes in (chosen, expected)
    )
    same = (chosen == expected).all(axis=1)
    return same, int((~same & (np.abs(mine - right) > 2 * tolerance)).sum())


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
