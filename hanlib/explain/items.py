"""Explains the label of one sentence or word of a document."""

import operator
from typing import NamedTuple

import numpy as np

from hanlib.checks import check_choice
from hanlib.evidence import Explanation, Item
from hanlib.explain.documents import Documents
from hanlib.explain.explain import explanation_sentences
from hanlib.explain.gradient_methods import gradient_x_input, integrated_gradients
from hanlib.explain.inputs import Surface
from hanlib.explain.item_network import ItemNetwork
from hanlib.explain.item_removal import leave_one_out
from hanlib.explain.targets import class_index, contrast_of

# name -> function `(network, documents, targets)` -> `Scores`
ITEM_METHODS = {
    "integrated_gradients": integrated_gradients,
    "gradient_x_input": gradient_x_input,
    "leave_one_out": leave_one_out,
}


class ItemDocument(NamedTuple):
    """A document as a model of sentences or words reads and labels it.

    Attributes:
        ids: `<int32>[words]`.
        row_lengths: `<int32>[sentences]`, words per sentence.
        features: `<int32>[words, features]`, or None.
        surface: the `hanlib.explain.inputs.Surface`.
        labels: the label of each item.
        probabilities: `<float32>[items, classes]`.

    >>> ItemDocument(np.array([3]), np.array([1]), None, None, ["aim"], np.ones([1, 1])).labels
    ['aim']
    """

    ids: np.ndarray
    row_lengths: np.ndarray
    features: np.ndarray | None
    surface: Surface
    labels: list
    probabilities: np.ndarray


def explain_item(model, document, item, method=None, target=None, against=None):
    """Explains which words of a document decided the label of one of its sentences or words.

    The scores refer to the log-odds of the target, `m = log p - log(1 - p)`. Here p is the
    probability of the label at the item: the softmax of its logits, or with a CRF its marginal
    probability, so that words count too which act through the labels of other items.

    - "integrated_gradients" (default): the scores of all words sum to m(x) - m(0), where 0 is the
      same document with zero word vectors and, of n-grams, the bias alone.
    - "gradient_x_input": each word's vector times the gradient of m at it.
    - "leave_one_out", for models of sentences: m minus m without the word, or without all words of
      the sentence. A sentence that has lost its words remains a sentence of the document.

    The vector of a word includes those of its spelling and of its columns. The score of a sentence
    by the gradient methods is the sum over its words. A word that the model does not read for this
    label has the score 0, as do the other sentences for a `TokenClassifier`.

    Args:
        model: a `SentenceClassifier` or `TokenClassifier`.
        document: a text, or a list of sentences or words, as one element of what
            `model.predict` takes.
        item: the index of the sentence or word in the document; a negative one counts from the end.
        method: one of the names above.
        target: the label that the scores are for, by name or index. None selects the label that
            the model gives to the item.
        against: a label to compare the target with, by name or index, or "runner-up" (see
            `hanlib.explain.explain`).

    Returns:
        A `hanlib.evidence.Explanation`, whose `label`, `probabilities` and `item` are those of the
        item.

    Raises:
        ValueError: `item` is out of range, or another argument is not known.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, SentenceClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["why"], max_sentence_words=None)
    >>> model = SentenceClassifier(vectorizer, HAN(3, 2, 2, 2), ["aim", "result"])
    >>> found = explain_item(model, "We ask why. It rises.", item=-1, target="result")
    >>> found.item.index, found.item.text, found.target, len(found.words)
    (1, 'It rises.', 'result', 7)
    """
    method = check_choice("method", method or "integrated_gradients", methods_of(model))
    chosen = None if target is None else class_index(model, target)
    against = contrast_of(model, target, against)
    item = _integer(item, model.item)
    read = model.read(document)
    index = _from_beginning(item, model.item, len(read.labels))
    label = read.labels[index]
    chosen = class_index(model, label) if chosen is None else chosen
    network = ItemNetwork(model, index, read.features)
    pair = np.array([[chosen, against]], np.int32)
    scores = ITEM_METHODS[method](network, _documents(read), pair)
    target, against = (None if k < 0 else model.classes[k] for k in scores.targets[0].tolist())
    sentences = explanation_sentences(read.surface, scores.words, scores.sentences)
    return Explanation(
        text=read.surface.text,
        label=label,
        probabilities=dict(zip(model.classes, read.probabilities[index].tolist(), strict=True)),
        target=target,
        against=against,
        method=method,
        sentences=sentences,
        diagnostics={name: values.tolist()[0] for name, values in scores.diagnostics.items()},
        item=_item(model.item, index, sentences),
    )


def methods_of(model):
    """The names of the methods that explain the labels of a model of sentences or words.

    Without a word there is no label of it, so that it cannot be left out.
    """
    return [name for name in ITEM_METHODS if model.item == "sentence" or name != "leave_one_out"]


def _integer(item, kind):
    if isinstance(item, bool) or not hasattr(item, "__index__"):
        raise ValueError(f"`item` must be the index of a {kind}. Received: item={item!r}")
    return operator.index(item)


def _from_beginning(item, kind, count):
    """The index of an item from the beginning of a document."""
    if not -count <= item < count:
        raise ValueError(
            f"`item` must be in [{-count}, {count}): the document has {count} {kind}s. "
            f"Received: item={item}"
        )
    return item % count


def _documents(read):
    """One document, each sentence of which is a row."""
    rows = np.asarray(read.row_lengths, np.int32)
    number = np.array([len(rows)], np.int32)
    return Documents(np.asarray(read.ids, np.int32), rows, np.ones_like(rows), number)


def _item(kind, index, sentences):
    """The record of the explained item."""
    words = [word for sentence in sentences for word in sentence.words]
    found = (sentences if kind == "sentence" else words)[index]
    return Item(kind, index, found.text, found.start, found.end)
