"""Checks the names of presets, cells and scores before TensorFlow is loaded."""

import difflib

from hanlib.cli.errors import UsageError
from hanlib.presets import PRESETS

# The names in hanlib.layers.
CELLS = ("gru", "output_gate_gru", "two_state", "mgu", "min_gru", "elman", "lstm")
SCORES = ("additive", "dot", "general", "gated", "mean", "max")


def check_recipe(recipe):
    """Raises `UsageError` for a preset, cell or score that does not exist."""
    scores = (*SCORES, "last") if recipe.encoder == "flat_recurrent" else SCORES
    for field, known in (("preset", PRESETS), ("cell", CELLS), ("score", scores)):
        value = getattr(recipe, field)
        if value is not None and value not in known:
            raise UsageError(
                f"`{field}` must be one of {', '.join(known)}. "
                f"Received: {value!r}{did_you_mean(value, known)}"
            )


def did_you_mean(name, known):
    """A suggestion of the most similar known name, or an empty string.

    >>> did_you_mean("gur", CELLS)
    "; did you mean 'gru'?"
    """
    name = str(name)
    if not name:
        return ""
    likeness = {
        # Prefers a name with the same first letter.
        other: difflib.SequenceMatcher(None, name, other).ratio() + 0.1 * (name[0] == other[0])
        for other in known
    }
    longer = [other for other in known if other.startswith(name)]
    nearest = longer[0] if longer else max(likeness, key=likeness.get)
    return f"; did you mean {nearest!r}?" if longer or likeness[nearest] >= 0.5 else ""


def describe_presets():
    """One line per preset: its name and sizes.

    >>> print(describe_presets().splitlines()[0])
    han_paper  embedding_dim=200 units=50 attention_units=100
    """
    width = max(map(len, PRESETS))
    return "\n".join(
        f"{name:<{width}}  {' '.join(f'{field}={value}' for field, value in sizes.items())}"
        for name, sizes in PRESETS.items()
    )
