"""The explanation methods by name."""

from hanlib.checks import check_choice
from hanlib.explain.attention_methods import (
    attention,
    combined_attention,
    gradient_x_attention,
    rationale,
    uniform_attention,
)
from hanlib.explain.gradient_methods import (
    gradient_x_input,
    gradients_by_level,
    integrated_gradients,
)
from hanlib.explain.leave_one_out import leave_one_out
from hanlib.explain.network import network_of
from hanlib.explain.random_scores import random

# name -> function `(network, documents, targets, seed)` -> `Scores`
METHODS = {
    "gradients_by_level": gradients_by_level,
    "gradient_x_attention": gradient_x_attention,
    "integrated_gradients": integrated_gradients,
    "leave_one_out": leave_one_out,
    "gradient_x_input": gradient_x_input,
    "combined_attention": combined_attention,
    "attention": attention,
    "rationale": rationale,
    "uniform_attention": uniform_attention,
    "random": random,
}
_NEED_ATTENTION = {
    *("gradient_x_attention", "combined_attention", "attention", "rationale"),
    "uniform_attention",
}
_NEED_SENTENCES = {"gradients_by_level", "combined_attention"}


def available_methods(classifier):
    """The names of the methods that a classifier can be explained by.

    >>> from hanlib.models import BagOfWords, DocumentClassifier
    >>> classifier = DocumentClassifier(None, BagOfWords(9), classes=2)
    >>> available_methods(classifier)
    ['integrated_gradients', 'leave_one_out', 'gradient_x_input', 'random']
    """
    network = network_of(classifier)
    missing = set() if network.has_attention else _NEED_ATTENTION
    missing = missing if network.has_sentences else missing | _NEED_SENTENCES
    missing = missing if network.has_rationale else missing | {"rationale"}
    return [name for name in METHODS if name not in missing]


def method_function(name):
    """The function of a method.

    Raises:
        ValueError: there is no method of that name.

    >>> method_function("attention").__name__
    'attention'
    """
    return METHODS[check_choice("method", name, METHODS)]
