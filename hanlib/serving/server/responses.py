"""A signature's outputs as TensorFlow Serving writes them, in row or column format."""

import base64

import numpy as np

from hanlib.serving.server.json_writing import decimals, quoted
from hanlib.serving.server.scalars import type_text
from hanlib.serving.server.status import invalid

_INDENT = "    "


def write(outputs, by_row):
    """The body of an answer.

    Args:
        outputs: `{name: array}`; arrays of objects hold `bytes`.
        by_row: Row format, where the request was in row format.

    Returns:
        `bytes`. Strings are passed on as they are, valid UTF-8 or not.

    Raises:
        StatusError: INVALID_ARGUMENT where rows are asked of outputs that have none.

    >>> print(write({"y": np.array([2.5, 3.0])}, by_row=True).decode())
    {
        "predictions": [2.5, 3.0
        ]
    }
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    text = _rows(outputs) if by_row else _columns(outputs)
    return text.encode("latin-1")


def _rows(outputs):
    size = _batch_size(outputs)
    # The brackets inside of a row are written on one line.
    columns = {
        name: _nested(_tokens(name, array, len(outputs) > 1), array.shape, 1)
        for name, array in outputs.items()
    }
    if len(outputs) == 1:
        (values,) = columns.values()
        inner = ", ".join(values)
    else:
        inner = ",".join(_row_object(columns, row) for row in range(size))
    return f'{{\n{_INDENT}"predictions": [{inner}' + (f"\n{_INDENT}" if size else "") + "]\n}"


def _batch_size(outputs):
    size = None
    for name, array in outputs.items():
        if not array.shape:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if size is not None and array.shape[0] != size:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} "
                f"expecting: {size}"
            )
        size = array.shape[0]
    return size


def _row_object(columns, row):
    between = ",\n" + _INDENT * 3
    members = between.join(f"{quoted(name)}: {column[row]}" for name, column in columns.items())
    return f"\n{_INDENT * 2}{{\n{_INDENT * 3}{members}\n{_INDENT * 2}}}"


def _nested(tokens, shape, keep):
    """Joins the tokens of the inner axes, until `keep` axes are left as a list of texts."""
    for size in reversed(shape[keep:]):
        count = len(tokens) // size if size else int(np.prod(shape[: len(shape) - 1]))
        tokens = [f"[{', '.join(tokens[i * size : (i + 1) * size])}]" for i in range(count)]
        shape = shape[:-1]
    return tokens


def _columns(outputs):
    depth = 2 if len(outputs) > 1 else 1
    texts = {
        name: _tensor(_tokens(name, array, depth == 2), array.shape, depth)
        for name, array in outputs.items()
    }
    if len(outputs) == 1:
        (value,) = texts.values()
    else:
        between = ",\n" + _INDENT * 2
        members = between.join(f"{quoted(name)}: {text}" for name, text in texts.items())
        value = f"{{\n{_INDENT * 2}{members}\n{_INDENT}}}"
    return f'{{\n{_INDENT}"outputs": {value}\n}}'


def _tensor(tokens, shape, depth):
    """One value a line; `depth` is the level of the opening bracket."""
    if not shape:
        return tokens[0]
    for axis in reversed(range(len(shape))):
        size, line = shape[axis], "\n" + _INDENT * (depth + axis + 1)
        count = int(np.prod(shape[:axis]))
        if size:
            end = "\n" + _INDENT * (depth + axis)
            tokens = [
                f"[{line}{f',{line}'.join(tokens[i * size : (i + 1) * size])}{end}]"
                for i in range(count)
            ]
        else:
            tokens = ["[]"] * count
    return tokens[0]


def _tokens(name, array, named):
    """The texts of all values, in order; `named` where they stand in an object of outputs."""
    kind = array.dtype
    if kind.kind == "O":
        if name.endswith("_bytes"):
            depth = array.ndim + (3 if named else 2)
            return [_base64(value, depth) for value in array.ravel().tolist()]
        return [quoted(value.decode("latin-1")) for value in array.ravel().tolist()]
    if kind in (np.float32, np.float64):
        return decimals(array)
    if kind == np.bool_:
        return ["true" if value else "false" for value in array.ravel().tolist()]
    if kind.kind in "iu" and kind != np.uint16:
        return [str(value) for value in array.ravel().tolist()]
    raise invalid(f"Failed to write JSON value for tensor type: {type_text(kind.name)}")


def _base64(value, depth):
    line, end = "\n" + _INDENT * depth, "\n" + _INDENT * (depth - 1)
    return f'{{{line}"b64": "{base64.b64encode(value).decode()}"{end}}}'
