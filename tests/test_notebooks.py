"""Every notebook runs from top to bottom, and none is committed with an error in it."""

import os
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from hanlib.data import demo

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == [
        "custom_data",
        "explain",
        "gru_from_equations",
        "gru_or_han",
        "quickstart",
        "sequence_to_sequence",
        "serving",
        "summaries",
        "tagging",
    ]


# The demo corpus of most notebooks, with fewer documents.
DEMO_SIZES = {"train": 48, "validation": 12, "test": 16}
# Fewer epochs, documents and weights: the cells are the same.
SHORTER = {
    r"\bepochs=\d\b": "epochs=1",
    r"\bEPOCHS = \d\b": "EPOCHS = 1",
    r"TRAIN, TEST, EPOCHS = .*": "TRAIN, TEST, EPOCHS = 40, 6, 1",
    r"TRAIN, TEST = .*": "TRAIN, TEST = 32, 8",
    r'    \("no (CRF|spelling)", .*\n': "",
    r"EXAMPLES = 6_000": "EXAMPLES = 128",
    r"range\(1_500\)\) if pair\[0\] not in seen\]\[:1_000\]": r"range(30)) if pair[0] not in seen]",
    r"MESSAGES = 1_000": "MESSAGES = 120",
    r"ngrams=2\)": "ngrams=0)",
    r"TESTED, ADDED = .*": "TESTED, ADDED = 4, [0, 3]",
    r'"train": 500, "validation": 100, "test": 100': '"train": 32, "validation": 8, "test": 8',
    # Training ends after a step; each model that is named later is trained.
    r"epochs=., learning_rate=5e-3": "minutes=1e-6, epochs=1, learning_rate=5e-3",
    r"\bMODELS = .*": 'MODELS = ["gru", "han"]',
    r'\["han", "ngrams"\]': '["han"]',
    r"LENGTHENED = .*": 'LENGTHENED = ["gru", "han"]',
    r"\[:150\]": "[:6]",
    r"texts\[:40\]": "texts[:2]",
    r"rankings=5": "rankings=2",
    r"vectorizer\.vocabulary_size\)$": (
        "vectorizer.vocabulary_size, bidirectional=False, embedding_dim=8, units=4)"
    ),
}


def test_what_is_shortened_is_there():
    text = "\n".join(cell.source for path in NOTEBOOKS for cell in nbformat.read(path, 4).cells)
    absent = [p for p in SHORTER if not re.search(p, text, re.MULTILINE)]
    assert not absent


@pytest.fixture
def run_cell(tmp_path, monkeypatch):
    """Runs one cell as Jupyter does, in this process: starting a kernel takes many seconds.

    The last value of the cell is formatted for display, and open figures are drawn.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    root = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(plt, "show", lambda: None)
    monkeypatch.setattr(demo, "SIZES", DEMO_SIZES)
    demo._all_reviews.cache_clear()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    assert "text/html" in shell.display_formatter.active_types

    def run(source):
        for pattern, shorter in SHORTER.items():
            source = re.sub(pattern, shorter, source, flags=re.MULTILINE)
        shell.run_cell(source).raise_error()
        for number in plt.get_fignums():
            plt.figure(number).canvas.draw()
        plt.close("all")

    yield run
    InteractiveShell.clear_instance()
    demo._all_reviews.cache_clear()


# This one runs by default; the others take minutes.
FIRST = ("quickstart",)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem in FIRST else pytest.mark.long)
        for path in NOTEBOOKS
    ],
)
def test_notebook_runs(path, run_cell, request):
    # With few steps, running eagerly is faster than tracing; two notebooks take many.
    if path.stem not in ("gru_from_equations", "sequence_to_sequence"):
        request.getfixturevalue("eager_functions")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            run_cell(cell.source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_with_outputs_and_without_errors(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
    assert "stderr" not in {output.get("name") for output in outputs}
