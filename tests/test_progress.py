"""The progress of long jobs, on a terminal and in a log."""

import io
import re

import pytest

from hanlib.training.progress import ProgressLine, silent


def shown(stream):
    """What a terminal shows of a stream, without colors; what was redrawn is gone."""
    rows, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", stream.getvalue()):
        if part == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif part == "\r":
            pass
        elif part.endswith("A"):
            row -= int(part[2:-1])
        elif part == "\x1b[2K":
            rows[row] = ""
        elif not part.startswith("\x1b"):
            rows[row] += part
    return [line.rstrip() for line in rows]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    return ProgressLine(io.StringIO(), terminal=True, clock=iter(range(1000)).__next__)


def test_all_numbers_are_shown_in_80_columns(terminal):
    terminal("epoch 2/10", 0, 22_500)
    numbers = {"loss": 0.512, "validation_accuracy": 0.8123, "validation_macro_f1": 0.9}
    terminal("epoch 2/10", 11_200, 22_500, left=10_000, **numbers)
    lines = shown(terminal.stream)
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(lines)
    for part in ("epoch 2/10", "11,200/22,500 documents", "11,200/s", "2 h 46 min left"):
        assert part in text
    assert "loss 0.512, validation accuracy 0.812, validation macro f1 0.900" in text


def test_a_stage_is_shown_and_goes(terminal):
    terminal.stage("loading TensorFlow")
    assert "loading TensorFlow" in shown(terminal.stream)[0]
    terminal("vocabulary", 5, 5)
    terminal.note("epoch 1/5: loss 0.5")
    terminal.close()
    lines = shown(terminal.stream)
    assert not any("loading" in line for line in lines)
    assert "5/5 documents" in lines[0]
    assert "epoch 1/5: loss 0.5" in lines
    # The cursor is there again, whatever ends the process.
    assert terminal.stream.getvalue().rindex("?25h") > terminal.stream.getvalue().rindex("?25l")


def test_a_log_gets_a_line_now_and_then():
    stream = io.StringIO()
    progress = ProgressLine(stream, terminal=False, clock=iter(range(0, 1000, 10)).__next__)
    progress.stage("loading TensorFlow")
    for done in range(0, 501, 100):
        progress("tokenizing", done, 500, loss=0.25)
    progress.close()
    assert stream.getvalue().splitlines() == [
        "loading TensorFlow",
        "tokenizing: 200/500 documents, 10/s, loss 0.250, 30 s left",
        "tokenizing: 400/500 documents, 10/s, loss 0.250, 10 s left",
        "tokenizing: 500/500 documents, 10/s, loss 0.250",
    ]
    assert silent.stage("x") is silent.note("x") is silent.close() is None
