"""A body of JSON as the arrays of a signature's inputs, with TensorFlow Serving's strict types.

Row format: `{"instances": [...]}`, column format: `{"inputs": ...}`.
"""

import numpy as np

from hanlib.serving.server.json_parsing import parse
from hanlib.serving.server.json_writing import value_text
from hanlib.serving.server.scalars import is_object, scalar
from hanlib.serving.server.status import StatusError, invalid


def read(body, inputs_of):
    """What a predict request asks.

    Args:
        body: The `bytes` of the request.
        inputs_of: Gives `{name: dtype name}` for the name of a signature; raises `StatusError`
            where there is no such model or signature.

    Returns:
        `(signature name, is it in row format, {input: array})`; strings are arrays of `bytes`.

    Raises:
        StatusError: INVALID_ARGUMENT or UNIMPLEMENTED with TensorFlow Serving's message.
    """
    document = parse(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {value_text(document)} Is not object")
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(
            f"JSON Value: {value_text(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    inputs = inputs_of(signature)
    if not inputs:
        name = signature or "DEFAULT"
        raise invalid(f"Failed to get input map for signature: {name}")
    by_row = _format(document)
    if by_row:
        return signature, True, _rows(document["instances"], inputs)
    return signature, False, _columns(document["inputs"], inputs)


def _format(document):
    """Whether the document is in row format."""
    if "instances" not in document and "inputs" not in document:
        raise invalid("Missing 'inputs' or 'instances' key")
    if "instances" not in document:
        return False
    if "inputs" in document:
        problem = (
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    elif not isinstance(document["instances"], list):
        problem = "Excepting 'instances' to be an list/array"
    elif not document["instances"]:
        problem = "No values in 'instances' array"
    else:
        return True
    raise invalid(f"JSON Value: {value_text(document)} {problem}")


def _rows(instances, inputs):
    if len(inputs) > 1 and not isinstance(instances[0], dict):
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    batches = {name: _Batch(dtype) for name, dtype in inputs.items()}
    named = is_object(instances[0])
    for index, element in enumerate(instances):
        if named:
            _add_named(index, element, batches)
        else:
            _add_plain(index, element, batches)
    if not named:
        batches = dict([next(iter(batches.items()))])
    return {name: batch.array() for name, batch in batches.items()}


def _add_named(index, element, batches):
    if not is_object(element):
        raise invalid(f"Expecting object but got list at item {index} of input list")
    for name, value in element.items():
        try:
            if name not in batches:
                raise invalid(f"JSON object: does not have named input: {name}")
            batches[name].add(value)
        except StatusError as error:
            raise invalid(
                f"Failed to process element: {index} key: {name} of 'instances' list. "
                f"Error: {error}"
            ) from None
    if len(element) != len(batches):
        raise invalid(
            f"Failed to process element: {index} of 'instances' list. JSON object: "
            f"{value_text(element)} keys must be equal to: {','.join(sorted(batches))}"
        )


def _add_plain(index, element, batches):
    if is_object(element):
        raise invalid(f"Expecting value/list but got object at item {index} of input list")
    try:
        next(iter(batches.values())).add(element)
    except StatusError as error:
        raise invalid(
            f"Failed to process element: {index} of 'instances' list. Error: {error}"
        ) from None


class _Batch:
    """The elements of one input, which must all have one shape."""

    def __init__(self, dtype):
        self.dtype, self.shape, self.count, self.values = dtype, None, 0, []

    def add(self, element):
        shape, before = _shape(element), len(self.values)
        _fill(element, 0, shape, self.dtype, self.values)
        size = len(self.values) - before
        if self.shape is None:
            self.shape, self.size = shape, size
        elif size != self.size:
            raise invalid(f"Expecting tensor size: {self.size} but got: {size}")
        elif shape != self.shape:
            raise invalid(f"Expecting shape {shape_text(self.shape)} but got: {shape_text(shape)}")
        self.count += 1

    def array(self):
        return _array(self.values, [self.count, *self.shape], self.dtype)


def _columns(value, inputs):
    if is_object(value):
        missing = next((name for name in sorted(inputs) if name not in value), None)
        if missing is not None:
            raise invalid(f"Missing named input: {missing} in 'inputs' object.")
        return {name: _column(value[name], dtype) for name, dtype in inputs.items()}
    if len(inputs) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple "
            "input tensors required as per tensorinfo_map"
        )
    return {name: _column(value, dtype) for name, dtype in inputs.items()}


def _column(value, dtype):
    shape, values = _shape(value), []
    _fill(value, 0, shape, dtype, values)
    return _array(values, shape, dtype)


def _shape(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def shape_text(shape):
    """A shape as TensorFlow Serving writes it: `[2,3]`."""
    return f"[{','.join(str(-1 if size is None else size) for size in shape)}]"


def _fill(value, level, shape, dtype, values):
    """Adds the scalars of `value` to the list `values`."""
    if isinstance(value, list):
        if level >= len(shape):
            raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
        if len(value) != shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {shape[level]}"
            )
        for inner in value:
            _fill(inner, level + 1, shape, dtype, values)
    elif level != len(shape):
        raise invalid(
            f"JSON Value: {value_text(value)} found at incorrect level: {level + 1} "
            f"in the JSON DOM. Expected at level: {len(shape)}"
        )
    else:
        values.append(scalar(value, dtype))


def _array(values, shape, dtype):
    if len(shape) > 64:
        raise invalid(f"A tensor of rank {len(shape)} is not supported")
    if dtype == "string":
        made = np.empty(len(values), object)
        made[:] = values
        return made.reshape(shape)
    if dtype in ("int8", "int16", "uint8"):  # A larger value wraps around, as in C++.
        values = np.array(values, "int64")
    return np.array(values).astype(dtype).reshape(shape)
