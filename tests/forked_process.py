"""Processes that have imported TensorFlow and hanlib already: importing them takes seconds."""

import concurrent.futures
import functools
import multiprocessing
import os
import subprocess
import sys

PRELOADED = [
    "tensorflow",
    "keras",
    "hanlib.cli.entry",
    "hanlib.serving.server.process",
    "hanlib.serving.scoring",
    "hanlib.training.run",
    "tiny_classifier",
    "tiny_run",
]


@functools.cache
def forks():
    """A multiprocessing context, whose processes are forks of one that has imported it all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    # The first process waits for the imports.
    first = context.Process(target=len, args=("",))
    first.start()
    first.join()
    return context


def command(*arguments):
    """Runs `hanlib` with these arguments; for `Forked`."""
    from hanlib.cli import main

    return main([str(argument) for argument in arguments])


class Forked:
    """A function in a process of its own, with the attributes of `subprocess.Popen`.

    The exit code is what the function returns. `stdout` and `stderr` are read as text.
    """

    def __init__(self, function, *arguments):
        pipes = [forks().Pipe(duplex=False) for _ in range(2)]
        written = [end for _, end in pipes]
        self._process = forks().Process(
            target=_call, args=(written, dict(os.environ), os.getcwd(), function, arguments)
        )
        self._process.start()
        for end in written:
            end.close()
        self.stdout, self.stderr = (
            os.fdopen(os.dup(end.fileno()), encoding="utf-8", errors="replace") for end, _ in pipes
        )
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("a forked process", timeout)
        return self.returncode

    def communicate(self, timeout=None):
        """What the process writes, to its end."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            read = [pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return tuple(text.result() for text in read)

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self._process.kill()


def _call(ends, environment, folder, function, arguments):
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for end, number in zip(ends, (1, 2), strict=True):
        os.dup2(end.fileno(), number)
        end.close()
    sys.exit(function(*arguments))
