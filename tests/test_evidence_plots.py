"""Plots: drawn without pyplot, with the text as it is, and nothing changed elsewhere."""

import subprocess
import sys
import warnings

import evidence_records
import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

from hanlib.evaluation import (
    Predictions,
    attention_spread,
    class_evidence,
    confusion_matrix,
    errors_by_length,
    reliability,
    risk_coverage,
)
from hanlib.evidence import Explanation, Sentence

EXPLANATIONS = [
    evidence_records.explanation(evidence_records.long_text(60, n), seed=n) for n in range(12)
]
ATTENTION = [
    evidence_records.explanation(evidence_records.long_text(60, n), seed=n, method="attention")
    for n in range(4)
]
PREDICTIONS = Predictions.from_explanations(EXPLANATIONS)
VIEWS = {
    "sentences": EXPLANATIONS[0],
    "confusion": confusion_matrix(PREDICTIONS),
    "reliability": reliability(PREDICTIONS),
    "length": errors_by_length(PREDICTIONS),
    "risk": risk_coverage(PREDICTIONS),
    "classes": class_evidence(EXPLANATIONS, min_count=1),
    "spread": attention_spread(ATTENTION),
}


def drawn(figure):
    """The figure as a notebook draws it; a warning, such as of a missing sign, is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return figure._repr_png_()


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_plot_is_a_figure_that_draws_and_is_labelled(view):
    before = dict(rcParams)
    figure = view.plot()
    assert isinstance(figure, Figure)
    assert drawn(figure).startswith(b"\x89PNG")
    for axes in figure.axes:
        assert axes.get_xlabel() or axes.get_ylabel()
    assert dict(rcParams) == before


def test_plots_need_no_pyplot_and_choose_no_backend():
    program = (
        "import sys; from hanlib.evidence import Explanation, Sentence\n"
        "assert 'matplotlib' not in sys.modules and 'pandas' not in sys.modules\n"
        "made = Explanation(None, 'x', {'x': 1.0}, 'x', 'random', (Sentence('A.', 1.0),))\n"
        "made.plot()._repr_png_()\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (result.stdout.strip(), result.stderr) == ("False", "")


def test_bars_stand_in_the_order_of_the_document():
    made = EXPLANATIONS[0]
    axes = made.plot(most=3).axes[0]
    scores = [sentence.score for sentence in made.sentences]
    strongest = sorted(sorted(scores, key=abs)[-3:], key=scores.index)
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], strongest)
    assert axes.yaxis_inverted()


def test_formulas_in_the_text_are_text():
    made = Explanation(
        None, "$x", {"$x": 1.0}, "$x^$", "random", (Sentence("From $5 to $6_{.", 1.0),)
    )
    figure = made.plot()
    drawn(figure)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "From $5 to $6_{."
    matrix = confusion_matrix(Predictions(("$a", "b$"), np.eye(2), ["$a", "b$"]))
    drawn(matrix.plot())


@pytest.mark.parametrize("name", ["sentences", "confusion", "reliability", "length", "risk"])
def test_a_plot_may_go_onto_axes_that_are_there(name):
    figure = Figure()
    axes = figure.subplots(1, 2)[1]
    assert VIEWS[name].plot(axes=axes) is figure
    assert axes.has_data()


def test_plots_of_nothing():
    drawn(Explanation("", "x", {}, "x", "random").plot())
    drawn(class_evidence([]).plot())
    drawn(attention_spread([]).plot())
    empty = Predictions(("a", "b"), np.zeros((0, 2)), [])
    for view in (confusion_matrix, reliability, risk_coverage):
        drawn(view(empty).plot())


@pytest.mark.parametrize(
    ("module", "call", "hint"),
    [
        ("matplotlib.figure", lambda: EXPLANATIONS[0].plot(), r"pip install hanlib\[plots\]"),
        ("pandas", lambda: EXPLANATIONS[0].to_frame(), "pip install pandas"),
    ],
)
def test_what_is_not_installed_says_how(monkeypatch, module, call, hint):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=hint):
        call()
