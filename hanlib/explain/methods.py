"""The explanation methods by name."""

from hanlib.explain.attention_methods import (
    attention,
    combined_attention,
    gradient_x_attention,
    uniform_attention,
)
from hanlib.explain.gradient_methods import gradient_x_input, integrated_gradients
from hanlib.explain.leave_one_out import leave_one_out
from hanlib.explain.random_scores import random

# name -> function `(network, documents, targets, seed)` -> `Scores`
METHODS = {
    "gradient_x_attention": gradient_x_attention,
    "integrated_gradients": integrated_gradients,
    "leave_one_out": leave_one_out,
    "gradient_x_input": gradient_x_input,
    "combined_attention": combined_attention,
    "attention": attention,
    "uniform_attention": uniform_attention,
    "random": random,
}


def method_function(name):
    """The function of a method.

    Raises:
        ValueError: there is no method of that name.

    >>> method_function("attention").__name__
    'attention'
    """
    if name not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(METHODS)}. Received: {name!r}")
    return METHODS[name]
