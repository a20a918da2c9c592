"""Converts the outputs of a signature to the JSON of a response, by row or by column.

Outputs whose names end in `_bytes` are written as `{"b64": "..."}`, other text as strings. NaN and
invalid UTF-8 have no JSON representation: TensorFlow Serving writes invalid JSON in these cases,
but this server returns an error that names the output.
"""

import base64
import json

import numpy as np

from hanlib.serving.server.requests import NUMBER_TYPES
from hanlib.serving.server.status import StatusError, invalid


def write(outputs, by_row):
    """The body of a response, as `bytes`.

    Args:
        outputs: `{name: array}`. Arrays of objects hold `bytes`.
        by_row: Whether the request was in row format.

    Raises:
        StatusError: INVALID_ARGUMENT if the outputs have no common first dimension in row format,
            or a type that TensorFlow Serving does not write. INTERNAL if an output contains NaN,
            Infinity or invalid UTF-8.

    >>> write({"y": np.array([0.1, 3.0], "float32")}, by_row=True)
    b'{"predictions": [0.1, 3.0]}'
    """
    if not outputs:
        raise invalid("The signature has no outputs")
    if by_row:
        _check_rows(outputs)
    columns = {name: _values(name, array) for name, array in outputs.items()}
    if len(columns) == 1:
        (value,) = columns.values()
    elif by_row:
        value = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    else:
        value = columns
    body = {"predictions" if by_row else "outputs": value}
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _check_rows(outputs):
    shapes = {name: array.shape for name, array in outputs.items()}
    for name, shape in shapes.items():
        if not shape:
            raise invalid(f"Output `{name}` is a scalar and has no rows: ask in column format")
    if len({shape[0] for shape in shapes.values()}) > 1:
        sizes = ", ".join(f"{name} {shape[0]}" for name, shape in shapes.items())
        raise invalid(f"The outputs have unequal numbers of rows ({sizes}): ask in column format")


def _values(name, array):
    """An output as nested lists of JSON values."""
    if array.dtype.kind == "O":
        write_one = _base64 if name.endswith("_bytes") else bytes.decode
        try:
            return np.asarray(np.frompyfunc(write_one, 1, 1)(array), object).tolist()
        except UnicodeDecodeError:
            raise StatusError("INTERNAL", f"Output `{name}` holds text that is not UTF-8") from None
    if array.dtype.name not in NUMBER_TYPES:
        raise invalid(f"Output `{name}` is of type {array.dtype.name}, which JSON cannot carry")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise StatusError("INTERNAL", f"Output `{name}` holds NaN or Infinity")
    return (shortest(array) if array.dtype == np.float32 else array).tolist()


def _base64(value):
    return {"b64": base64.b64encode(value).decode()}


def shortest(values):
    """Converts float32 to float64 values with few decimal digits that round to the same float32.

    >>> shortest(np.array([0.1, 1e-7, 1 / 3], "float32")).tolist()
    [0.1, 1e-07, 0.33333334]
    """
    exact = values.astype("float64")
    made, size = exact.copy(), np.abs(exact)
    left = np.flatnonzero((size >= 1e-12) & (size < 1e6))
    for digits in (7, 8, 9):
        scale = 10.0 ** (digits - 1 - np.floor(np.log10(size.flat[left])))
        rounded = np.rint(exact.flat[left] * scale) / scale
        found = rounded.astype("float32") == values.flat[left]
        made.flat[left[found]] = rounded[found]
        left = left[~found]
    return made
