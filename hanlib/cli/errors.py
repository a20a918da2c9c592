"""User errors, and their messages in one line."""

import re
import sys

# Python arguments whose option has another name.
_ARGUMENTS = {
    "dataset": "DATASET",
    "model": "MODEL",
    "texts": "TEXT",
    "directory": "DIR",
    "path_or_file": "--input",
    "start": "--from",
}


class UsageError(Exception):
    """A command was called incorrectly; the message says what to change."""


def message_of(error):
    """The message for a user error, or None if `error` is an internal error."""
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
        return _os_message(error)
    if not isinstance(error, (UsageError, *_known_errors())):
        return None
    return " ".join(str(error).split())


def in_options(message, arguments):
    """Replaces names of Python arguments in a message by command-line options.

    Args:
        message: the message; "`text_column`" and "text_column='x'" become --text-column.
        arguments: the parsed arguments, or None.

    >>> import argparse
    >>> in_options("`text_column` must be given", argparse.Namespace(text_column=None))
    '--text-column must be given'
    """
    if arguments is None:
        return message
    options = {name: f"--{name.replace('_', '-')}" for name in vars(arguments) if name != "run"}
    options = {**options, "path_or_file": "--input"}
    options.update({name: text for name, text in _ARGUMENTS.items() if name in options})
    if "set" in options:
        options.update({name: f"--set {name}" for name in _fields() if name not in options})
    message = re.sub(r"`(\w+)`", lambda match: options.get(match.group(1), match.group()), message)
    names = "|".join(name for name in options if "_" in name)
    return re.sub(
        rf"\b({names})=(True\b)?",
        lambda match: options[match.group(1)] + (" " if match.group(2) is None else ""),
        message,
    )


def _fields():
    from hanlib.training.recipe import Recipe

    return Recipe.__dataclass_fields__


def _known_errors():
    # If such an error was raised, its module has been imported.
    modules = {
        "hanlib.data.corpus": "DataError",
        "hanlib.training.settings": "RecipeError",
        "hanlib.training.errors": "TrainingError",
    }
    return tuple(
        getattr(sys.modules[module], name)
        for module, name in modules.items()
        if module in sys.modules
    )


def _os_message(error):
    if error.strerror is None:
        return " ".join(str(error).split())
    where = f": {error.filename}" if error.filename is not None else ""
    return f"{error.strerror}{where}"
