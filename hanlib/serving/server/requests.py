"""Converts the body of a predict request from JSON to the input arrays of a signature.

The body is in row format, `{"instances": [...]}`, or in column format, `{"inputs": ...}`. Types are
strict, as in TensorFlow Serving: `1.0` is not an integer and `1` is not a bool, but an integer is a
valid float. Strings are plain or `{"b64": "..."}`.
"""

import base64
import json

import numpy as np

from hanlib.serving.server.status import StatusError, invalid

MAX_RANK = 32  # The maximum of NumPy 1.

# The valid JSON types for each kind of NumPy dtype.
_SCALARS = {"b": {bool}, "i": {int}, "u": {int}, "f": {int, float}}
# The number types that TensorFlow Serving reads and writes as JSON.
NUMBER_TYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint32 uint64 float32 float64".split()  # noqa: SIM905
)
_JSON_NAMES = {
    bool: "a bool",
    int: "an integer",
    float: "a number",
    str: "a string",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def read(body, inputs_of):
    """Parses a predict request.

    Args:
        body: The `bytes` of the request.
        inputs_of: Function from the name of a signature to `{input: dtype name}`; it raises a
            `StatusError` if there is no such model or signature.

    Returns:
        `(signature name, whether it is in row format, {input: array})`. Strings are arrays of
        `bytes` objects.

    Raises:
        StatusError: INVALID_ARGUMENT, or UNIMPLEMENTED for a dtype without JSON representation.
    """
    document = parse(body)
    if not isinstance(document, dict):
        raise invalid(f"The body must be a JSON object. Received: {_shown(document)}")
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(f"`signature_name` must be a string. Received: {_shown(signature)}")
    inputs = inputs_of(signature)
    by_row = "instances" in document
    if by_row and "inputs" in document:
        raise invalid("The body must have either `instances` or `inputs`. Received: both")
    if by_row:
        columns = _columns_of_rows(document["instances"], inputs)
    elif "inputs" in document:
        columns = _named_columns(document["inputs"], inputs)
    else:
        raise invalid(
            "The body must have `instances` (row format) or `inputs` (column format). "
            f"Received the keys: {_shown(list(document))}"
        )
    return signature, by_row, {name: _array(columns[name], inputs[name], name) for name in inputs}


def parse(body):
    """Parses JSON.

    Raises:
        StatusError: INVALID_ARGUMENT if `body` is not valid UTF-8 or JSON, is nested too deeply, or
            contains NaN, Infinity, or an object with a repeated key.

    >>> parse(b'{"instances": ["a"]}')
    {'instances': ['a']}
    """
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        message = (
            f"The body is not valid UTF-8: {error.reason} at byte {error.start}. "
            'Send text in another encoding as {"b64": "..."}'
        )
    except json.JSONDecodeError as error:
        message = f"JSON Parse error: {error}" if text.strip() else "The document is empty"
    except RecursionError:
        message = "JSON Parse error: The document is nested too deeply"
    except ValueError:  # Python limits integers to 4,300 digits.
        message = "JSON Parse error: An integer has too many digits"
    raise invalid(message)


def _object(pairs):
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in made if names.count(name) > 1)
        raise invalid(f"An object has the key {_shown(twice)} twice")
    return made


def _refuse_constant(name):
    raise invalid(f"JSON Parse error: {name} is not a JSON number")


def _columns_of_rows(instances, inputs):
    """`{input: list of values}` of a request in row format."""
    if not isinstance(instances, list) or not instances:
        raise invalid(f"`instances` must be a list of values. Received: {_shown(instances)}")
    if not _is_object(instances[0]):
        if len(inputs) != 1:
            raise invalid(
                f"Each of `instances` must be an object with the keys {_shown(sorted(inputs))}. "
                f"Received: {_shown(instances[0])}"
            )
        return {next(iter(inputs)): instances}
    for index, row in enumerate(instances):
        if not _is_object(row) or row.keys() != inputs.keys():
            received = sorted(row) if _is_object(row) else row
            raise invalid(
                f"`instances[{index}]` must have the keys {_shown(sorted(inputs))}. "
                f"Received: {_shown(received)}"
            )
    return {name: [row[name] for row in instances] for name in inputs}


def _named_columns(value, inputs):
    """`{input: value}` of a request in column format."""
    if not _is_object(value):
        if len(inputs) != 1:
            raise invalid(
                f"`inputs` must be an object with the keys {_shown(sorted(inputs))}. "
                f"Received: {_shown(value)}"
            )
        return {next(iter(inputs)): value}
    missing = sorted(inputs.keys() - value.keys())
    if missing:
        raise invalid(f"`inputs` must have the keys {_shown(sorted(inputs))}. Missing: {missing}")
    return value


def _array(value, dtype, name):
    shape, values = _flattened(value, name)
    if dtype == "string":
        made = np.empty(len(values), object)
        made[:] = [_bytes(value, index, name) for index, value in enumerate(values)]
    else:
        made = _numbers(values, dtype, name)
    return made.reshape(shape)


def _flattened(value, name):
    """Flattens nested lists, which must not be ragged, to `(shape, scalars)`."""
    shape, level = [], [value]
    while any(isinstance(inner, list) for inner in level):
        sizes = [len(inner) if isinstance(inner, list) else None for inner in level]
        if len(set(sizes)) > 1:
            first, index = sizes[0], next(i for i, size in enumerate(sizes) if size != sizes[0])
            item = f" at item {index * shape[0] // len(level)}" if shape else ""
            raise invalid(
                f"`{name}` must not be ragged. Received{item}, {len(shape)} lists deep: "
                f"{_size_text(sizes[index])} instead of {_size_text(first)}"
            )
        shape.append(sizes[0])
        if len(shape) > MAX_RANK:
            raise invalid(f"`{name}` must have at most {MAX_RANK} dimensions")
        level = [scalar for inner in level for scalar in inner]
    return shape, level


def _size_text(size):
    return "a single value" if size is None else f"a list of {size}"


def _numbers(values, dtype, name):
    if dtype not in NUMBER_TYPES:
        raise StatusError("UNIMPLEMENTED", f"`{name}` is of type {dtype}, which JSON cannot carry")
    kind = np.dtype(dtype).kind
    wrong = set(map(type, values)) - _SCALARS[kind]
    if wrong:
        value = next(value for value in values if type(value) in wrong)
        raise _wrong_type(value, dtype, name)
    if kind in "iu" and values:
        bounds = np.iinfo(dtype)
        if not bounds.min <= min(values) <= max(values) <= bounds.max:
            raise invalid(f"`{name}` holds an integer outside the range of {dtype}")
    try:
        with np.errstate(over="ignore"):
            made = np.array(values, dtype)
    except OverflowError:
        made = np.array([np.inf])
    if kind == "f" and not np.isfinite(made).all():
        raise invalid(f"`{name}` holds a number outside the range of {dtype}")
    return made


def _bytes(value, index, name):
    try:
        if isinstance(value, str):
            return value.encode()
        if _is_base64(value):
            packed = value["b64"].rstrip("=")
            return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        message = f"`{name}` holds half a surrogate pair, \\u{code:04x}, in value {index}"
        raise invalid(message) from None
    except ValueError:
        raise invalid(f"`{name}` holds invalid base64 in value {index}") from None
    raise _wrong_type(value, "string", name)


def _wrong_type(value, dtype, name):
    received = f"{_shown(value)}, {_JSON_NAMES[type(value)]}"
    return invalid(f"`{name}` must be of type {dtype}. Received: {received}")


def _is_base64(value):
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _is_object(value):
    """Whether a value is a JSON object other than a base64 string."""
    return isinstance(value, dict) and not _is_base64(value)


def _shown(value):
    """A value as JSON for an error message, truncated.

    >>> _shown(["a"] * 100)
    '["a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",...'
    """
    if isinstance(value, (dict, list)) and len(value) > 20:
        value = list(value)[:20]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "..."
