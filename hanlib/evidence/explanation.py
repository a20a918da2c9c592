"""Records of the classification of one document and the evidence for it."""

import dataclasses
import json

from hanlib.evidence.explanation_frame import explanation_frame
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.extractive_summary import summary_text
from hanlib.evidence.html import explanation_html
from hanlib.evidence.label_names import label_names
from hanlib.evidence.terminal import explanation_text


@dataclasses.dataclass(frozen=True)
class Word:
    """A word and its score for the target class.

    Attributes:
        text: The word as it is written in the document.
        score: Score by the method of the explanation; positive scores support the target.
        start, end: Half-open span of characters in the document; None if unknown.

    >>> Word("superb", 0.4, 4, 10).text
    'superb'
    """

    text: str
    score: float
    start: int | None = None
    end: int | None = None


@dataclasses.dataclass(frozen=True)
class Sentence:
    """A sentence with its words and its score for the target class.

    Attributes:
        text: The text of the sentence.
        score: Score by the method of the explanation; positive scores support the target.
        words: Its `Word`s, in order.
        start, end: Half-open span of characters in the document; None if unknown.

    >>> Sentence("A superb cast.", 0.7, (Word("superb", 0.4),)).words[0].score
    0.4
    """

    text: str
    score: float
    words: tuple = ()
    start: int | None = None
    end: int | None = None


@dataclasses.dataclass(frozen=True)
class Item:
    """The sentence or word of a document whose label is explained.

    Attributes:
        kind: "sentence" or "word".
        index: Its index in the document, from 0.
        text: Its text.
        start, end: Half-open span of characters in the document; None if unknown.

    >>> Item("word", 2, "York", 9, 13).text
    'York'
    """

    kind: str
    index: int
    text: str
    start: int | None = None
    end: int | None = None


@dataclasses.dataclass(frozen=True)
class Faithfulness:
    """The faithfulness of an explanation (DeYoung et al. 2020, arXiv 1911.03429).

        comprehensiveness = mean over k of p(x) - p(x without its top k %)
        sufficiency       = mean over k of p(x) - p(only its top k %)

    Here p is the probability of the target and k = 1, 5, 10, 20, 50. Faithful explanations have
    high comprehensiveness and low sufficiency. Random rankings are measured in the same way.

    Attributes:
        level: "word" or "sentence".
        comprehensiveness, sufficiency: Values for the explanation.
        random_comprehensiveness, random_sufficiency: Means over the random rankings.
        comprehensiveness_interval, sufficiency_interval: `(low, high)`, which contains 95 % of the
            values of single random rankings.
        passes: Number of perturbed documents that were classified for the measurement.

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
    """The classification of one document and the evidence for it.

    Attributes:
        text: The document; None if only its word ids are known.
        label: The predicted label; a tuple of labels for a multi-label classifier.
        probabilities: `dict` from class name to probability.
        target: The class that the scores refer to.
        method: Name of the explanation method.
        sentences: The `Sentence`s, in order.
        faithfulness: `dict` from "word" and "sentence" to `Faithfulness`; empty if it was not
            measured.
        diagnostics: `dict` of other measurements by name, such as the entropy of the attention or
            the completeness error of integrated gradients.
        true_label: The true label, or None.
        omitted: Number of words and sentences that were read but not returned (an export returns
            a bounded number), `{"words": n, "sentences": n}`; empty if there are none.
        against: The class that the target is compared with: the scores tell why the target and not
            this class. None: the target is compared with all other classes.
        item: The `Item` that the label belongs to; None if it is that of the document.

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
    against: object = None
    item: Item | None = None

    @property
    def words(self):
        """The `Word`s of all sentences, in order."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def correct(self):
        """Whether the predicted label is the true one; None if that is unknown.

        The order of several labels does not matter.

        >>> Explanation("A", ("x", "y"), {}, "x", "attention", true_label=["y", "x"]).correct
        True
        """
        if self.true_label is None:
            return None
        given, true = label_names(self.label), label_names(self.true_label)
        return set(map(str, given)) == set(map(str, true))

    def to_dict(self):
        """Converts the record to dicts and lists for JSON.

        `probabilities` becomes a list of `[name, probability]`, since a JSON object would convert
        integer names to strings.
        """
        record = dataclasses.asdict(self)
        record["probabilities"] = [[name, value] for name, value in self.probabilities.items()]
        return record

    @classmethod
    def from_dict(cls, record):
        """Creates an explanation from the result of `to_dict`, also if it was read from JSON."""
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
        if record.get("item") is not None:
            record["item"] = Item(**record["item"])
        return cls(**record)

    def to_html(self, page=True, title=None):
        """The explanation as static HTML: see `explanation_html`."""
        return explanation_html(self, page, title)

    def _repr_html_(self):
        return explanation_html(self, page=False)

    def to_text(self, width=None, color=False):
        """The explanation for a terminal: see `explanation_text`."""
        return explanation_text(self, width, color)

    def to_frame(self, level="word"):
        """A pandas `DataFrame` with one row per "word" or "sentence": see `explanation_frame`."""
        return explanation_frame(self, level)

    def plot(self, level="sentence", most=20, axes=None):
        """A matplotlib `Figure` of the scores: see `explanation_plot`."""
        return explanation_plot(self, level, most, axes)

    def summary(self, sentences=None, words=None):
        """An extractive summary: see `summary_text`."""
        return summary_text(self, sentences, words)

    def to_json(self, **kwargs):
        """`to_dict` as a JSON string; keyword arguments are passed to `json.dumps`.

        NumPy numbers are converted to Python numbers.
        """
        return json.dumps(
            self.to_dict(), **{"ensure_ascii": False, "default": _plain_number, **kwargs}
        )


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value


def _plain_number(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
