"""Runs a script in a new process, and reads its result."""

import json
import subprocess
import sys
from pathlib import Path


def answer(script, *arguments, alone=False):
    """The JSON that a Python script prints on its last line.

    Args:
        script: the file.
        arguments: arguments of the script.
        alone: whether only installed packages can be imported, not this folder.

    Raises:
        RuntimeError: the script failed; the message contains the end of its output.
    """
    command = [sys.executable, *(["-I"] if alone else []), "-W", "ignore", str(script)]
    command += [str(argument) for argument in arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{Path(script).name} failed: {result.stderr[-2000:]}")
    return json.loads(result.stdout.splitlines()[-1])
