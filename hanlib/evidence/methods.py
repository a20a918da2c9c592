"""What the scores of each method mean, in words for readers of an explanation."""

import dataclasses

_LOOKED = (
    "the network looked. Attention is not importance: what it looked at may not be what decided; "
    "the faithfulness figures say how far it can be trusted"
)


@dataclasses.dataclass(frozen=True)
class Method:
    """How to show a method: its title, whether its scores have a sign, what a high score says.

    >>> method_of("gradient_x_attention").signed
    True
    """

    title: str
    signed: bool
    meaning: str


_METHODS = {
    "attention": Method("Attention", False, f"Where {_LOOKED}."),
    "combined_attention": Method(
        "Combined attention", False, f"√(sentence attention) × word attention: where {_LOOKED}."
    ),
    "uniform_attention": Method(
        "Uniform attention", False, "A control: the same score everywhere, whatever was read."
    ),
    "gradient_x_attention": Method(
        "Gradient × attention", True, "How the class's score moves with each attention weight."
    ),
    "gradient_x_input": Method(
        "Gradient × input", True, "How the class's score moves with each word's vector."
    ),
    "integrated_gradients": Method(
        "Integrated gradients",
        True,
        "Each word's share in the class's score, as its vector grows from zero to its own.",
    ),
    "leave_one_out": Method(
        "Leave one out", True, "What the class loses when this word or sentence is removed."
    ),
    "random": Method(
        "Random scores", True, "A control: scores drawn by chance, which say nothing."
    ),
}


def method_of(name):
    """The `Method` of that name; one that is not known here has signed scores.

    >>> method_of("attention").signed, method_of("my_method").title
    (False, 'My method')
    """
    if name in _METHODS:
        return _METHODS[name]
    return Method(str(name).replace("_", " ").capitalize(), True, "")
