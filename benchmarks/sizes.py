"""The sizes of the networks that are compared: those of Yang et al. 2016, section 3.3."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What all baselines agree on, and the boxes of those that need one.

    Attributes:
        vocabulary: word ids, padding included.
        dim, units, attention: widths of a word vector, of a state each way, of the attention.
        cell: name of the gated cell; only hanlib has others than "gru".
        sentences, words: the dense box, beyond which text is cut.
        flat_words: words after which a flat network cuts the text.
    """

    vocabulary: int = 30_000
    dim: int = 200
    units: int = 50
    attention: int = 100
    classes: int = 2
    cell: str = "gru"
    sentences: int = 15
    words: int = 100
    flat_words: int = 400
