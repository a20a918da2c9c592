"""Which errors are a user's mistake, and how they are told in one line."""

import re
import sys

# Arguments without an option of their own name.
_ARGUMENTS = {
    "dataset": "DATASET",
    "model": "MODEL",
    "texts": "TEXT",
    "directory": "DIR",
    "path_or_file": "--input",
    "start": "--from",
}


class UsageError(Exception):
    """A mistake in how a command was called; the message says what to change."""


def message_of(error):
    """The line for a user's mistake, or None where `error` is a fault of the program."""
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
        return _os_message(error)
    if not isinstance(error, (UsageError, *_known_errors())):
        return None
    return " ".join(str(error).split())


def in_options(message, arguments):
    """A message about Python arguments in terms of the command line's options.

    Args:
        message: the text; "`text_column`" and "text_column='x'" become --text-column.
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
    # Whatever raises one of these has imported its module.
    places = {
        "hanlib.data.corpus": "DataError",
        "hanlib.training.settings": "RecipeError",
        "hanlib.training.errors": "TrainingError",
    }
    return tuple(
        getattr(sys.modules[module], name)
        for module, name in places.items()
        if module in sys.modules
    )


def _os_message(error):
    if error.strerror is None:
        return " ".join(str(error).split())
    where = f": {error.filename}" if error.filename is not None else ""
    return f"{error.strerror}{where}"
