"""The Python code of docs/cells.md runs, and its cells have the backward pass that it states."""

import re
from pathlib import Path

from hanlib.ops.unitwise import acts_on_each_unit

PAGE = (Path(__file__).parents[1] / "docs" / "cells.md").read_text(encoding="utf-8")


def test_the_code_runs():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(block, names)
    fast = {}
    for name in ("OneGateCell", "PeepholeCell", "NormalizedCell"):
        cell = names[name](3)
        cell.build((None, 2))
        spec, kernels, _, weights = cell.recurrence()
        shapes = tuple(tuple(weight.shape) for weight in weights)
        fast[name] = acts_on_each_unit(spec, kernels[0][0].dtype, shapes)
    assert fast == {"OneGateCell": True, "PeepholeCell": True, "NormalizedCell": False}
