"""Every notebook runs from top to bottom, and none is committed with an error in it."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == [
        "explain.ipynb",
        "gru_from_equations.ipynb",
        "quickstart.ipynb",
        "sequence_to_sequence.ipynb",
        "serving.ipynb",
    ]


# Fewer epochs, documents and weights: the cells are the same.
SHORTER = {
    r"epochs=\d\b": "epochs=1",
    r"EXAMPLES = 6_000": "EXAMPLES = 300",
    r"\[:150\]": "[:12]",
    r"texts\[:40\]": "texts[:4]",
    r'zip\(\*corpus\.splits\["train"\]\)': 'zip(*list(corpus.splits["train"])[:200])',
    r"in \(corpus\.splits\[name\] for": "in (list(corpus.splits[name])[:200] for",
    r", 1200\)": ", 200)",
    r"vectorizer\.vocabulary_size\)$": "vectorizer.vocabulary_size, bidirectional=False)",
}


def test_what_is_shortened_is_there():
    text = "\n".join(cell.source for path in NOTEBOOKS for cell in nbformat.read(path, 4).cells)
    assert all(re.search(pattern, text, re.MULTILINE) for pattern in SHORTER)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(path.parents[1]), *_python_path()]))
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for pattern, shorter in SHORTER.items():
            cell.source = re.sub(pattern, shorter, cell.source, flags=re.MULTILINE)
    # A cell that raises fails the test: `allow_errors` is off.
    NotebookClient(
        notebook, timeout=600, allow_errors=False, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_with_outputs_and_without_errors(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]


def _python_path():
    return filter(None, [os.environ.get("PYTHONPATH")])
