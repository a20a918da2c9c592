"""The number of operations that a HAN needs for the real words of a batch.

A multiply-add counts as two operations. With D the width of a word vector, U the units of each
direction, A the hidden layer of the attention and G = 3 the blocks of a GRU, both directions have

    input product of the words       inputs x D x 2GU    inputs: distinct words, or all words
    recurrent product of the words   words x 2 x U x GU
    attention over the words         words x (2U x A + A + 2U)
    the same for the sentences       sentences x (2U x 2GU + 2 x U x GU + 2U x A + A + 2U)

The gates (about 20 operations per unit, without matrix products) are not counted. The backward pass
has two products for each one of the forward pass, so training is three times the forward pass.
"""

import numpy as np

BLOCKS = 3


def parts(documents, sizes, per_word=False):
    """Operations of the forward pass for a batch, by part.

    >>> from documents import generated
    >>> from sizes import Sizes
    >>> batch = generated(2, 1, 3, vocabulary=10, seed=0)
    >>> parts(batch, Sizes(dim=1, units=1, attention=1), per_word=True)["input product, words"]
    72
    """
    words, sentences = len(documents.ids), len(documents.words)
    lines = words if per_word else len(np.unique(documents.ids))
    gates, states = 2 * BLOCKS * sizes.units, 2 * sizes.units
    attention = states * sizes.attention + sizes.attention + states
    return {
        "input product, words": 2 * lines * sizes.dim * gates,
        "recurrence, words": 2 * words * sizes.units * gates,
        "attention, words": 2 * words * attention,
        "input product, sentences": 2 * sentences * states * gates,
        "recurrence, sentences": 2 * sentences * sizes.units * gates,
        "attention, sentences": 2 * sentences * attention,
    }
