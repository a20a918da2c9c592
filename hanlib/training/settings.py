"""The fields of a recipe: their meaning, their valid values, and how they are parsed from text."""

import dataclasses
import math
import types
import typing


class RecipeError(ValueError):
    """A hyperparameter that does not exist or has an invalid value; the message names it."""


def setting(default, meaning, check=None, expected=None):
    """A dataclass field with a description and a check of its values.

    Args:
        default: the default value.
        meaning: description of the field, with its unit.
        check: function that returns whether a value (never None) is valid.
        expected: description of the valid values.
    """
    metadata = {"meaning": meaning, "check": check, "expected": expected}
    return dataclasses.field(default=default, metadata=metadata)


def at_least(least):
    """`check` and `expected` of a number that is at least `least`."""
    return {"check": lambda value: value >= least, "expected": f"at least {least}"}


def share():
    """`check` and `expected` of a share, from 0 to less than 1."""
    return {"check": lambda value: 0 <= value < 1, "expected": "from 0 to less than 1"}


def one_of(*names):
    """`check` and `expected` of a choice among names."""
    return {"check": lambda value: value in names, "expected": f"one of {', '.join(names)}"}


def kinds_of(annotation):
    """The types that an annotation such as `int | None` allows.

    >>> kinds_of(float | None)
    (<class 'float'>, <class 'NoneType'>)
    """
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return typing.get_args(annotation)
    return (annotation,)


def check_value(field, kinds, value):
    """Checks a value and returns it, converted to a float if the field holds floats only.

    Raises:
        RecipeError: the value has the wrong type, is not finite, or is out of range.
    """
    wrong = RecipeError(f"`{field.name}` must be {expectation(field, kinds)}. Received: {value!r}")
    if value is None:
        if type(None) not in kinds:
            raise wrong
        return None
    if isinstance(value, int) and not isinstance(value, bool) and int not in kinds:
        value = float(value) if float in kinds else value
    if not any(type(value) is kind for kind in kinds):
        raise wrong
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong
    check = field.metadata["check"]
    if check is not None and not check(value):
        raise wrong
    return value


def parse_value(field, kinds, text):
    """Parses a value from a string such as `0.1`, `none` or `true`.

    Raises:
        RecipeError: the string is not a value of the field.
    """
    lowered = text.strip().lower()
    if type(None) in kinds and lowered in ("none", "null", ""):
        return None
    if bool in kinds and lowered in ("true", "false", "yes", "no", "1", "0"):
        return lowered in ("true", "yes", "1")
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(lowered)
            except ValueError:
                continue
    if str in kinds:
        return text.strip()
    raise RecipeError(f"`{field.name}` must be {expectation(field, kinds)}. Received: {text!r}")


def expectation(field, kinds):
    """A description of the values that a field accepts, for messages."""
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}
    words = " or ".join(dict.fromkeys(names[kind] for kind in kinds if kind in names))
    if field.metadata["expected"]:
        words += f", {field.metadata['expected']}"
    return f"{words}, or none" if type(None) in kinds else words
