"""What a classifier decided about one document, and the evidence for it."""

import dataclasses
import json

from hanlib.evidence.explanation_frame import explanation_frame
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.html import explanation_html
from hanlib.evidence.summary import summary_text
from hanlib.evidence.terminal import explanation_text


@dataclasses.dataclass(frozen=True)
class Word:
    """One word and how much it speaks for the target class.

    Attributes:
        text: The surface form, as in the text.
        score: By the explanation's method; over 0 speaks for the target.
        start, end: Half-open span of characters in the explanation's text; None where it is not
            known.

    >>> Word("superb", 0.4, 4, 10).text
    'superb'
    """

    text: str
    score: float
    start: int | None = None
    end: int | None = None


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One sentence, its words, and how much it speaks for the target class.

    Attributes:
        text: The surface form.
        score: By the explanation's method; over 0 speaks for the target.
        words: Its `Word`s, in order.
        start, end: Half-open span of characters in the explanation's text, or None.

    >>> Sentence("A superb cast.", 0.7, (Word("superb", 0.4),)).words[0].score
    0.4
    """

    text: str
    score: float
    words: tuple = ()
    start: int | None = None
    end: int | None = None


@dataclasses.dataclass(frozen=True)
class Faithfulness:
    """How much of the prediction the ranking of an explanation carries (DeYoung et al. 2020).

        comprehensiveness = mean over k of p(x) - p(x without its top k %)
        sufficiency       = mean over k of p(x) - p(the top k % alone)

    with p the probability of the target and k = 1, 5, 10, 20, 50. High comprehensiveness and low
    sufficiency are good. The same is measured for random rankings of the same sizes.

    Attributes:
        level: "word" or "sentence".
        comprehensiveness, sufficiency: Of the explanation.
        random_comprehensiveness, random_sufficiency: Means over the random rankings.
        comprehensiveness_interval, sufficiency_interval: `(low, high)` that contains 95 % of the
            single random rankings.
        passes: Number of perturbed documents that were classified for these figures.

    >>> Faithfulness("word", 0.5, 0.1, 0.2, 0.3, (0.15, 0.25), (0.2, 0.4), 60).better_than_chance
    0.3
    """

    level: str
    comprehensiveness: float
    sufficiency: float
    random_comprehensiveness: float
    random_sufficiency: float
    comprehensiveness_interval: tuple
    sufficiency_interval: tuple
    passes: int

    @property
    def better_than_chance(self):
        """Comprehensiveness minus that of random rankings."""
        return self.comprehensiveness - self.random_comprehensiveness


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What a classifier decided about one document, and the evidence for it.

    Attributes:
        text: The document; None where only ids came in.
        label: The predicted label; with a multi-label classifier a tuple of labels.
        probabilities: `dict` from class name to probability.
        target: The class that the scores speak for.
        method: Name of the method that gave the scores.
        sentences: The `Sentence`s, in order.
        faithfulness: `dict` from "word" and "sentence" to `Faithfulness`; empty if it was not
            measured.
        diagnostics: `dict` of further figures by name, such as the attention's entropy or the
            completeness error of integrated gradients.
        true_label: The true label, or None.
        omitted: Number of words and sentences that were read but not returned (an export returns
            a bounded number), `{"words": n, "sentences": n}`; empty if there are none.

    >>> words = (Word("superb", 0.4, 2, 8), Word("cast", 0.1, 9, 13))
    >>> explanation = Explanation("A superb cast.", "pos", {"neg": 0.1, "pos": 0.9}, "pos",
    ...     "gradient_x_attention", (Sentence("A superb cast.", 0.7, words, 0, 14),))
    >>> explanation.words[0].text
    'superb'
    >>> Explanation.from_dict(explanation.to_dict()) == explanation
    True
    """

    text: str | None
    label: object
    probabilities: dict
    target: object
    method: str
    sentences: tuple = ()
    faithfulness: dict = dataclasses.field(default_factory=dict)
    diagnostics: dict = dataclasses.field(default_factory=dict)
    true_label: object = None
    omitted: dict = dataclasses.field(default_factory=dict)

    @property
    def words(self):
        """The `Word`s of all sentences, in order."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def correct(self):
        """Whether the label is the true one, in any order if there are several; None if unknown.

        >>> Explanation("A", ("x", "y"), {}, "x", "attention", true_label=["y", "x"]).correct
        True
        """
        if self.true_label is None:
            return None
        label, true = self.label, self.true_label
        if isinstance(label, _SEVERAL) or isinstance(true, _SEVERAL):
            return _names(label) == _names(true)
        return str(label) == str(true)

    def to_dict(self):
        """The record in dicts and lists for JSON.

        `probabilities` is a list of `[name, probability]`: as keys of a JSON object, integer names
        would become strings.
        """
        record = dataclasses.asdict(self)
        record["probabilities"] = [[name, value] for name, value in self.probabilities.items()]
        return record

    @classmethod
    def from_dict(cls, record):
        """The explanation of a record of `to_dict`, also after a round trip through JSON."""
        record = dict(record)
        record["probabilities"] = dict(record["probabilities"])
        record["sentences"] = tuple(
            Sentence(**{**s, "words": tuple(Word(**word) for word in s["words"])})
            for s in record["sentences"]
        )
        record["faithfulness"] = {
            level: Faithfulness(**{k: _tuple(v) for k, v in figures.items()})
            for level, figures in record["faithfulness"].items()
        }
        record["label"] = _tuple(record["label"])
        record["true_label"] = _tuple(record.get("true_label"))
        return cls(**record)

    def to_html(self, page=True, title=None):
        """The explanation as static HTML: see `explanation_html`."""
        return explanation_html(self, page, title)

    def _repr_html_(self):
        return explanation_html(self, page=False)

    def to_text(self, width=None, colour=False):
        """The explanation for a terminal: see `explanation_text`."""
        return explanation_text(self, width, colour)

    def to_frame(self, level="word"):
        """A pandas `DataFrame` with one row a "word" or a "sentence": see `explanation_frame`."""
        return explanation_frame(self, level)

    def plot(self, level="sentence", most=20, axes=None):
        """A matplotlib `Figure` of the scores: see `explanation_plot`."""
        return explanation_plot(self, level, most, axes)

    def summary(self, sentences=None, words=None):
        """The sentences that carry the decision, as one text: see `summary_text`."""
        return summary_text(self, sentences, words)

    def to_json(self, **kwargs):
        """`to_dict` as a JSON string; further arguments are those of `json.dumps`.

        NumPy numbers become Python numbers.
        """
        return json.dumps(
            self.to_dict(), **{"ensure_ascii": False, "default": _plain_number, **kwargs}
        )


_SEVERAL = (tuple, list, set, frozenset)


def _names(label):
    return {str(name) for name in label} if isinstance(label, _SEVERAL) else {str(label)}


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value


def _plain_number(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
