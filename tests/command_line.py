"""What the tests of the command line share."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import hanlib


def write_csv(path, examples):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        writer.writerows([f"n{row}", text, label] for row, (text, label) in enumerate(examples))
    return path


def one_object(text):
    lines = text.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def assert_mistake(code, out, err, message):
    assert code == 2
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("hanlib: error: ")
    assert message in last
    assert "Traceback" not in err


def python(*arguments, **options):
    environment = {**os.environ, **options.pop("environment", {})}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    environment["PYTHONPATH"] = str(Path(hanlib.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        env=environment,
        timeout=600,
        **options,
    )
