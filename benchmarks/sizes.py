"""The sizes of the compared networks, those of Yang et al. 2016, section 3.3."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The sizes of all baselines, and the boxes of those with dense input.

    Attributes:
        vocabulary: number of word ids, including padding.
        dim, units, attention: widths of word vectors, of the states of each direction, and of the
            attention.
        cell: name of the gated cell; only hanlib supports other cells than "gru".
        sentences, words: size of the dense box; longer text is truncated.
        flat_words: maximum number of words for a flat network.
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
