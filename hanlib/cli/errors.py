"""Which errors are a user's mistake, and how they are told in one line."""

import sys


class UsageError(Exception):
    """A mistake in how a command was called; the message says what to change."""


def message_of(error):
    """The line for a user's mistake, or None where `error` is a fault of the program."""
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
        return _os_message(error)
    if not isinstance(error, (UsageError, *_known_errors())):
        return None
    return " ".join(str(error).split())


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
