"""Runs a script in a new process, and reads its result."""

import json
import os
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


class Conversation:
    """A script in a process of its own that answers each line with one line of JSON.

    Args:
        title: what an error names.
        script: the file. It reads standard input, and answers with the function of `answering`.
    """

    def __init__(self, title, script):
        self.title = title
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line):
        """Sends a line and returns the answer.

        Raises:
            RuntimeError: the process ended.
        """
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            self.stop()
            raise RuntimeError(f"{self.title} ended: its message is above")
        return json.loads(answer)

    def stop(self):
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def answering():
    """For the script of a `Conversation`: the function that sends an answer.

    What the script or a framework prints goes to standard error from then on.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    return answer
