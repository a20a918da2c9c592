"""The entry point: parses the arguments, runs one command, and reports errors in one line."""

import argparse
import contextlib
import os
import sys
import warnings

import hanlib
from hanlib.cli import (
    agreement,
    compare,
    datasets,
    evaluate,
    explain,
    export,
    index,
    info,
    mark,
    predict,
    score,
    serve,
    train,
)
from hanlib.cli.errors import UsageError, in_options, message_of
from hanlib.cli.names import did_you_mean
from hanlib.cli.threads import share_cores

_COMMANDS = (
    train,
    compare,
    evaluate,
    predict,
    score,
    explain,
    index,
    mark,
    agreement,
    export,
    serve,
    info,
    datasets,
)
INTERRUPTED, BROKEN_PIPE = 130, 141


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(f"{message} (see `{self.prog} --help`)")


class _CommandParser(_Parser):
    """Allows options between the arguments: `hanlib evaluate MODEL --json DATASET`."""

    # Whether unknown options of the form --name=value are passed on, as `pipeline_options`.
    passes_on = False
    _inside = False

    def parse_known_args(self, args=None, namespace=None):
        if self._inside:
            return super().parse_known_args(args, namespace)
        self._inside = True
        try:
            found, extras = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._inside = False
        if self.passes_on:
            found.pipeline_options = extras
            return found, []
        if extras:
            option = extras[0].partition("=")[0]
            hint = did_you_mean(option, [*self._option_string_actions])
            self.error(f"unrecognized arguments: {' '.join(extras)}{hint}")
        return found, extras


def main(argv=None):
    """Runs a command.

    Args:
        argv: the arguments without the program name; None for those of the process.

    Returns:
        The exit code: 0, 2 for a user error, 130 after Ctrl-C, or 141 if the output pipe was
        closed. Internal errors are raised.

    >>> main(["evaluate"])
    2
    """
    share_cores()
    arguments = None
    with _plain_warnings():
        try:
            arguments = _parser().parse_args(argv)
            code = arguments.run(arguments) or 0
            sys.stdout.flush()
            return code
        except SystemExit as leaving:  # --help and --version
            return leaving.code or 0
        except KeyboardInterrupt as interruption:
            print(f"\nhanlib: interrupted{_hint(interruption)}", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            _forget_stdout()
            return BROKEN_PIPE
        except Exception as error:
            message = message_of(error)
            if message is None:
                raise
            print(f"hanlib: error: {in_options(message, arguments)}", file=sys.stderr)
            return 2


def _parser():
    parser = _Parser(
        prog="hanlib",
        description="Classify documents with Hierarchical Attention Networks.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hanlib {hanlib.__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_CommandParser
    )
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def _hint(interruption):
    return f": {interruption}" if str(interruption) else ""


def _forget_stdout():
    # Otherwise Python would report an error when it flushes standard output at exit.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _plain_warnings():
    """Prints warnings of hanlib in one line, and hides those of other packages."""
    if sys.warnoptions:
        yield
        return

    def show(message, category, filename, lineno, file=None, line=None):
        if category.__module__.startswith("hanlib."):
            print(f"hanlib: warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = show
        yield
