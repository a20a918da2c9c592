"""One value of a JSON request as a tensor's value: strict types, base64, no loss."""

import base64
import re

import numpy as np

from hanlib.serving.server.json_writing import value_text
from hanlib.serving.server.status import StatusError, invalid

_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
_INTEGERS = {
    **dict.fromkeys(("int32", "int16", "int8", "uint8"), (-(2**31), 2**31)),
    "int64": (-(2**63), 2**63),
    "uint32": (0, 2**32),
    "uint64": (0, 2**64),
}
# The largest integer below which all are exact, and the largest number.
_FLOATS = {
    "float32": (2**24 - 1, float(np.finfo(np.float32).max)),
    "float64": (2**53 - 1, float(np.finfo(np.float64).max)),
}
_BASE64 = re.compile(r"([A-Za-z0-9+/]*)([=.]*)")


def scalar(value, dtype):
    """What stands in a tensor of `dtype` for a JSON value that is no list.

    Raises:
        StatusError: INVALID_ARGUMENT, or UNIMPLEMENTED for a dtype that JSON cannot carry.

    >>> scalar({"b64": "YQ=="}, "string")
    b'a'
    """
    if isinstance(value, dict):
        if dtype != "string":
            raise _type_error(value, dtype)
        return _decode_base64(value)
    if dtype == "string":
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        raise _type_error(value, dtype)
    if dtype == "bool":
        if isinstance(value, bool):
            return value
        raise _type_error(value, dtype)
    return _number(value, dtype)


def _number(value, dtype):
    if dtype in _FLOATS:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _type_error(value, dtype)
        return _lossless(value, dtype)
    if dtype not in _INTEGERS:
        raise StatusError(
            "UNIMPLEMENTED",
            f"Conversion of JSON Value: {value_text(value)} to type: {type_text(dtype)}",
        )
    low, high = _INTEGERS[dtype]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < high:
        raise _type_error(value, dtype)
    return value


def _lossless(value, dtype):
    exact, largest = _FLOATS[dtype]
    if isinstance(value, int):
        lossless = abs(value) <= exact
    else:
        lossless = abs(value) <= largest or abs(value) == np.inf or value != value
    if not lossless:
        raise invalid(
            f"Cannot convert JSON value: {value_text(value)} to {type_text(dtype)} "
            "without loss of precision."
        )
    return value


def type_text(dtype):
    """The name of a dtype in TensorFlow's messages: `float` for float32."""
    return _NAMES.get(dtype, dtype)


def _type_error(value, dtype):
    return invalid(
        f"JSON Value: {value_text(value)} Type: {_kind(value)} is not of expected type: "
        f"{type_text(dtype)}"
    )


def _kind(value):
    if value is None or isinstance(value, bool):
        return {None: "Null", True: "True", False: "False"}[value]
    kinds = {dict: "Object", list: "Array", str: "String"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "Number")


def _is_base64(value):
    single = isinstance(value, dict) and len(getattr(value, "pairs", value)) == 1
    return single and isinstance(value.get("b64"), str)


def is_object(value):
    """Whether a value is an object of inputs, and no bytes in base64."""
    return isinstance(value, dict) and not _is_base64(value)


def _decode_base64(value):
    if not _is_base64(value):
        raise invalid(f"JSON Value: {value_text(value)} not formatted correctly for base64 data")
    parts = _BASE64.fullmatch(re.sub(r"[ \t\n\v\f\r]", "", value["b64"]))
    padding = parts and -len(parts[1]) % 4
    if not parts or padding == 3 or len(parts[2]) not in (0, padding):
        raise invalid("Unable to base64 decode")
    return base64.b64decode(parts[1] + "=" * padding)
