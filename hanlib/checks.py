"""Checks of arguments, shared by all packages."""

import numbers


def check_choice(name, value, choices, *, error=ValueError):
    """Checks that an argument is one of several values, and returns it.

    Args:
        name: Name of the argument, for the message.
        value: Value of the argument.
        choices: The allowed values, an iterable of strings.
        error: Class of the exception to raise.

    >>> check_choice("level", "page", ["sentence", "word"])
    Traceback (most recent call last):
    ValueError: `level` must be one of sentence, word. Received: level='page'
    """
    if value not in choices:
        listed = ", ".join(choices)
        raise error(f"`{name}` must be one of {listed}. Received: {name}={value!r}")
    return value


def check_integer(name, value, minimum=1, *, allow_none=False, error=ValueError):
    """Checks that an argument is an integer, and returns it as an `int`.

    Args:
        name: Name of the argument, for the message.
        value: Value of the argument. Booleans are not accepted.
        minimum: Smallest allowed value.
        allow_none: Whether None is accepted and returned.
        error: Class of the exception to raise.

    Raises:
        ValueError: If `value` is not an integer of at least `minimum` (or `error`, if given).

    >>> check_integer("units", 3)
    3
    >>> check_integer("units", -3)
    Traceback (most recent call last):
    ValueError: `units` must be a positive integer. Received: units=-3
    """
    if value is None and allow_none:
        return None
    integral = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not integral or value < minimum:
        expected = "a positive integer" if minimum == 1 else f"an integer of at least {minimum}"
        none = " or None" if allow_none else ""
        raise error(f"`{name}` must be {expected}{none}. Received: {name}={value!r}")
    return int(value)
