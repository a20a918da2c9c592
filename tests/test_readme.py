"""What README.md promises: its Python example runs, its commands exist."""

import re
import subprocess
from pathlib import Path

import pytest

from hanlib.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.usefixtures("eager_functions")
def test_python_example_runs(tmp_path, monkeypatch, capsys):
    (example,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.strip().splitlines()[-1] in ("['pos']", "['neg']")
    assert (tmp_path / "reviews.keras").is_file()


def test_two_commands_are_one_line_each():
    setups = [block for block in blocks("sh") if "venv" in block]
    assert [block.count("\n") for block in setups] == [1, 1]
    assert "hanlib train demo" in setups[0]
    assert "pytest" in setups[1]


def test_ci_runs_the_test_command_of_the_readme():
    found = subprocess.run(
        ["awk", "/<!-- test command -->/ {f = 1} f && /^```/ {n++; next} n == 1", "README.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found == next(block for block in blocks("sh") if "pytest" in block)


COMMANDS = sorted(set(re.findall(r"^hanlib (\w+)", "\n".join(blocks("sh")), flags=re.MULTILINE)))


def test_every_command_is_shown():
    shown = "agreement compare datasets evaluate explain export index info mark predict score serve"
    assert [*shown.split(), "train"] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"hanlib {command}" in capsys.readouterr().out


LINKS = set(re.findall(r"[`(]((?:docs|notebooks|saved_models|tests)/[\w./]+\.\w+)[`)]", README))


@pytest.mark.parametrize("link", sorted(LINKS))
def test_files_that_are_named_exist(link):
    assert (ROOT / link).is_file()
