"""The explanation methods: names, titles, and what their scores mean.

`hanlib.explain` maps the names to functions. The command line takes its choices from this list, and
the page and the report take titles and legends from it.
"""

import dataclasses

_ATTENTION = (
    "the network looked. Attention is not importance: the words it looked at need not be those "
    "that decided"
)


@dataclasses.dataclass(frozen=True)
class Method:
    """The description of a method for readers.

    Attributes:
        title: Name of the method.
        signed: Whether scores have a sign: positive for the class, negative against it.
        meaning: The meaning of a high score, as a sentence.
        word_shares: Whether the scores of words are shares of their sentence. They are then
            multiplied by the number of words before they are compared across sentences.

    >>> METHODS["gradient_x_attention"].signed
    True
    """

    title: str
    signed: bool
    meaning: str
    word_shares: bool = False

    @property
    def legend(self):
        """Sentences that explain the shading of the text.

        >>> METHODS["attention"].legend[0]
        'The darker the shade, the more attention.'
        """
        shades = ["The darker the shade, the more attention."]
        if not self.word_shares:
            shades = ["The darker the shade, the higher the score."]
        if self.signed:
            shades = ["Blue, solid line: speaks for the class. Orange, dashed line: against it."]
        if self.word_shares:
            shades.append(
                "A word's attention is a share of its sentence; for the shade it is multiplied by "
                "the sentence's number of words."
            )
        return [
            *shades,
            "A word or sentence is marked from a fifth of the strongest score on. The bar before "
            "a sentence is the sentence's own score.",
        ]


METHODS = {
    "gradients_by_level": Method(
        "Gradients by level",
        True,
        "Each sentence's share of the class's score, as the sentences grow from nothing to what "
        "they are, and how these shares change with each word's vector.",
    ),
    "gradient_x_attention": Method(
        "Gradient × attention",
        True,
        "Each attention weight, times how fast the class's score changes with it, plus what "
        "reaches the score by other paths, such as n-grams.",
    ),
    "integrated_gradients": Method(
        "Integrated gradients",
        True,
        "Each word's share of the class's score, as its vector grows from zero to its value.",
    ),
    "leave_one_out": Method(
        "Leave one out",
        True,
        "How much the class's score drops when this word or sentence is removed.",
    ),
    "gradient_x_input": Method(
        "Gradient × input", True, "How the class's score changes with each word's vector."
    ),
    "combined_attention": Method(
        "Combined attention",
        False,
        f"√(sentence attention) × word attention: where {_ATTENTION}.",
        word_shares=True,
    ),
    "attention": Method("Attention", False, f"Where {_ATTENTION}.", word_shares=True),
    "rationale": Method(
        "Rationale",
        False,
        "How likely a person would mark this word or sentence as evidence, learned from documents "
        "that people have marked. It need not be why the model decided.",
    ),
    "uniform_attention": Method(
        "Uniform attention",
        False,
        "A control: the same score for every word of a sentence, whatever the text.",
        word_shares=True,
    ),
    "random": Method("Random scores", True, "A control: scores drawn at random."),
}


def default_method(has_sentences=True, has_attention=True):
    """The name of the default method for an encoder with or without sentences and attention.

    It is the most faithful one that takes at most seven times as long as predicting, except for an
    encoder with neither (docs/explanations.md has the measurements).

    >>> default_method(), default_method(has_sentences=False)
    ('gradients_by_level', 'gradient_x_attention')
    >>> default_method(has_sentences=False, has_attention=False)
    'integrated_gradients'
    """
    if has_sentences:
        return "gradients_by_level"
    return "gradient_x_attention" if has_attention else "integrated_gradients"


def get_method(name):
    """The `Method` of a name; unknown methods have signed scores.

    >>> get_method("attention").signed, get_method("my_method").title
    (False, 'My method')
    """
    if name in METHODS:
        return METHODS[name]
    return Method(str(name).replace("_", " ").capitalize(), True, "")
