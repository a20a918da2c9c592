"""Converts the padded outputs of a server to one record per document."""

import dataclasses
import math

from hanlib.evidence import Explanation, Sentence, Word
from hanlib.evidence.spans import sentence_span, word_spans
from hanlib.serving.client.errors import ServingError

METHODS = ("attention", "combined_attention", "gradient_x_attention", "rationale")


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The classification of one document.

    Attributes:
        label: The predicted label; a tuple of labels for a multi-label classifier.
        probabilities: `dict` from class name to probability.

    >>> Prediction("pos", {"neg": 0.1, "pos": 0.9}).label
    'pos'
    """

    label: object
    probabilities: dict


def predictions(outputs):
    """The `Prediction` of each document.

    Args:
        outputs: The outputs of `serving_default`, a `dict` from name to list with one item per
            document.

    Raises:
        ServingError: if an output is missing.

    >>> predictions({"label": ["b"], "classes": [["a", "b"]], "probabilities": [[0.25, 0.75]]})
    [Prediction(label='b', probabilities={'a': 0.25, 'b': 0.75})]
    """
    columns = _columns(outputs, ["label", "classes", "probabilities"])
    labels = outputs.get("labels")
    return [
        Prediction(_given(labels[i]) if labels else label, dict(zip(classes, values, strict=True)))
        for i, (label, classes, values) in enumerate(zip(*columns, strict=True))
    ]


def explanations(texts, outputs, method="gradient_x_attention"):
    """The `Explanation` of each document, by one of the methods of an export.

    - `"attention"`: the weight of a sentence in its document and of a word in its sentence;
    - `"combined_attention"`: the same for sentences, and `sqrt(weight of the sentence) * weight of
      the word` for words (Yang et al. 2016, section 3.3);
    - `"gradient_x_attention"`: these weights times the gradient of the score of the target;
    - `"rationale"`: the probability that a person would mark it as evidence, if the model has a
      rationale head.

    Args:
        texts: The documents that were sent, in order.
        outputs: The padded outputs of `explain` or `contrast`, a `dict` from name to list with one
            item per document.
        method: See above.

    Raises:
        ServingError: if an output is missing.

    >>> outputs = {
    ...     "label": ["pos"], "classes": [["neg", "pos"]], "probabilities": [[0.2, 0.8]],
    ...     "target": ["pos"], "sentences": [["Superb cast.", ""]], "sentence_counts": [1],
    ...     "sentence_attention": [[1.0, 0.0]], "words": [["Superb", "cast", ".", "", ""]],
    ...     "word_attention": [[0.5, 0.25, 0.25, 0.0, 0.0]], "word_counts": [[3, 0]],
    ...     "omitted_sentences": [0], "omitted_words": [0]}
    >>> (explanation,) = explanations(["A superb cast. Superb cast."], outputs, "attention")
    >>> explanation.words[0]
    Word(text='Superb', score=0.5, start=15, end=21)
    """
    names = ["target", "sentences", "words", "word_counts", "sentence_counts"]
    scores = method.replace("combined_", "")
    names += [f"sentence_{scores}", f"word_{scores}", "omitted_sentences", "omitted_words"]
    against = outputs.get("against") or [""] * len(texts)
    rows = zip(texts, predictions(outputs), against, *_columns(outputs, names), strict=True)
    return [_explanation(method, *row) for row in rows]


def _explanation(
    method, text, answer, against, target, sentences, words, counts, sentence_count,
    sentence_scores, word_scores, omitted_sentences, omitted_words,
):  # fmt: skip
    counts = counts[:sentence_count]
    spans = word_spans(text, words[: sum(counts)])
    records, end = [], 0
    for sentence, score, count in zip(sentences, sentence_scores, counts, strict=False):
        start, end = end, end + count
        factor = math.sqrt(max(score, 0.0)) if method == "combined_attention" else 1.0
        inside = tuple(
            Word(word, factor * value, *span)
            for word, value, span in zip(
                words[start:end], word_scores[start:end], spans[start:end], strict=True
            )
        )
        records.append(Sentence(sentence, score, inside, *sentence_span(spans[start:end])))
    omitted = {"words": omitted_words, "sentences": omitted_sentences}
    return Explanation(
        text, answer.label, answer.probabilities, target, method, tuple(records),
        omitted=omitted if any(omitted.values()) else {}, against=against or None,
    )  # fmt: skip


def _columns(outputs, names):
    missing = [name for name in names if name not in outputs]
    if missing:
        raise ServingError(
            f"the answer of the model must have the outputs {names}. Missing: {missing}. "
            "Export it again with this version of hanlib, or choose another method"
        )
    return [outputs[name] for name in names]


def _given(labels):
    return tuple(label for label in labels if label)
