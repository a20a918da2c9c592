"""Fields of a recipe: what each means, which values it takes, and how text becomes such a value."""

import dataclasses
import math
import types
import typing


class RecipeError(ValueError):
    """A hyperparameter that does not exist or is out of its range; the message names it."""


def setting(default, meaning, check=None, expected=None):
    """A dataclass field with its meaning (and unit), and the test that its values must pass.

    Args:
        default: the default value.
        meaning: what it is, with its unit.
        check: function of a value (never None) that gives whether it is legal.
        expected: the legal values, in words.
    """
    metadata = {"meaning": meaning, "check": check, "expected": expected}
    return dataclasses.field(default=default, metadata=metadata)


def at_least(least):
    """`check` and `expected` of a number that is at least so great."""
    return {"check": lambda value: value >= least, "expected": f"at least {least}"}


def share():
    """`check` and `expected` of a share that is less than the whole."""
    return {"check": lambda value: 0 <= value < 1, "expected": "from 0 to less than 1"}


def one_of(*names):
    """`check` and `expected` of one of a few names."""
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
    """The value as its field stores it (a whole number becomes a float where one belongs).

    Raises:
        RecipeError: wrong type, not finite, or out of range.
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
    """The value that a text such as `0.1`, `none` or `true` stands for.

    Raises:
        RecipeError: the text is no value of the field.
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
    """What a field takes, in words, for messages."""
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}
    words = " or ".join(dict.fromkeys(names[kind] for kind in kinds if kind in names))
    if field.metadata["expected"]:
        words += f", {field.metadata['expected']}"
    return f"{words}, or none" if type(None) in kinds else words
