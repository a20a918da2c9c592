"""How the development server reads and writes JSON, without a socket."""

import json
import math
import random
import struct

import numpy as np
import pytest

from hanlib.serving.server import json_parsing, json_writing, responses
from hanlib.serving.server.json_parsing import RapidJSON, parse
from hanlib.serving.server.status import StatusError


def tree(draw, depth=4):
    if depth and draw.random() < 0.6:
        size = draw.randrange(4)
        if draw.random() < 0.5:
            return [tree(draw, depth - 1) for _ in range(size)]
        return {f"k{draw.randrange(9)}é": tree(draw, depth - 1) for _ in range(size)}
    numbers = [draw.randrange(-(10**17), 10**17), draw.random() * 1e6, 1e-12]
    return draw.choice([None, True, False, *numbers, 'a"\\\n\x00ü好'])


@pytest.mark.parametrize("seed", range(60))
def test_both_parsers_read_what_python_wrote(seed):
    made = tree(random.Random(seed))
    for ascii_only in (True, False):
        text = json.dumps(made, ensure_ascii=ascii_only, indent=seed % 3 or None).encode()
        assert parse(text) == made
        assert RapidJSON(text).document() == made


def test_pretty_printing_is_that_of_python_with_four_blanks():
    for seed in range(40):
        made = tree(random.Random(seed))
        if isinstance(made, (dict, list)) and "e-" not in json.dumps(made):
            expected = json.dumps(made, ensure_ascii=False, indent=4)
            assert json_writing.value_text(made) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", 2.0**64),
        (b"-9223372036854775808", -(2**63)),
        (b"-9223372036854775809", -(2.0**63)),
        (b"-0", 0),
        (b"1e308", 1e308),
        (b"0.1e309", 1e308),
        (b"123456789012345678901234567890.5", 123456789012345678901234567890.5),
        (b'"\\u00e9\\ud83d\\ude00\\/"', "é\U0001f600/"),
        (b"[1]\x00 rest", [1]),
    ],
)
def test_values(text, value):
    read = parse(text)
    assert (read, type(read)) == (value, type(value))


def test_deep_nesting_is_refused():
    for depth in (5000, 200_000):
        for text in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth):
            with pytest.raises(StatusError, match="JSON Parse error"):
                parse(text)
    assert parse(b"[" * 150 + b"]" * 150)


def test_an_error_does_not_repeat_without_end():
    deep = b"[" * 190 + b",".join([b"1"] * 100_000) + b"]" * 190
    assert len(json_writing.value_text(parse(deep))) == json_writing.MAX_ERROR_TEXT


def test_decimals_are_exact_and_as_short_as_six_digits_allow():
    draw = random.Random(0)
    singles = [struct.unpack("f", draw.randbytes(4))[0] for _ in range(3000)]
    for dtype, values in (
        ("float32", singles),
        ("float64", [draw.gauss(0, 1) for _ in range(500)]),
    ):
        array = np.array(values, dtype)
        for text, value in zip(json_writing.decimals(array), array, strict=True):
            if math.isfinite(value):
                assert dtype_of(text, dtype) == value
                assert "." in text or "e" in text
                assert len(text) <= (15 if dtype == "float32" else 24)
    assert json_writing.decimals(np.array([0.5, 2, 1e6, 1e-5, np.nan, -np.inf], "float32")) == [
        *("0.5", "2.0", "1e+06", "1e-05", "NaN", "-Infinity")
    ]


def dtype_of(text, dtype):
    return np.array(float(text)).astype(dtype)


@pytest.mark.parametrize("by_row", [True, False])
def test_written_outputs_read_back(by_row):
    outputs = {
        "a": np.arange(24, dtype="int64").reshape(2, 3, 4),
        "b": np.zeros((2, 0, 3), "float32"),
        "c": np.array([b"x", 'é"\n'.encode()], object),
        "d": np.array([[True], [False]]),
    }
    told = json.loads(responses.write(outputs, by_row))
    plain = {name: array.tolist() for name, array in outputs.items() if name != "c"}
    plain["c"] = ["x", 'é"\n']
    if by_row:
        rows = [{name: values[row] for name, values in plain.items()} for row in range(2)]
        assert told == {"predictions": rows}
    else:
        assert told == {"outputs": plain}


def test_a_type_that_json_cannot_carry():
    for by_row in (True, False):
        with pytest.raises(StatusError, match="Failed to write JSON value for tensor type: half"):
            responses.write({"y": np.zeros(2, "float16")}, by_row)
    with pytest.raises(StatusError, match="Tensor name: y has no shape information "):
        responses.write({"y": np.zeros((), "float32")}, by_row=True)


def test_the_fast_parser_leaves_to_the_other_what_it_would_read_differently(monkeypatch):
    seen = []
    original = RapidJSON.document
    monkeypatch.setattr(RapidJSON, "document", lambda self: seen.append(1) or original(self))
    assert math.isinf(json_parsing.parse(b"[Infinity]")[0])
    assert json_parsing.parse(b'["\xff"]') == ["\udcff"]
    assert json_parsing.parse(b"[12345678901234567890123]") == [1.2345678901234568e22]
    assert len(seen) == 3
    assert json_parsing.parse(b'["plain", 1.5]') == ["plain", 1.5]
    assert len(seen) == 3
