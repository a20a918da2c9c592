"""How the development server writes outputs as JSON, without a socket."""

import json
import struct

import numpy as np
import pytest

from hanlib.serving.server import responses
from hanlib.serving.server.status import StatusError, error_body


def test_float32_values_round_trip_in_few_digits():
    draw = np.random.default_rng(0)
    singles = np.frombuffer(draw.bytes(80_000), "float32")
    values = np.concatenate([singles[np.isfinite(singles)], draw.random(20_000, "float32")])
    made = responses.shortest(values)
    assert (made.astype("float32") == values).all()
    assert (np.signbit(made) == np.signbit(values)).all()
    # NumPy's own shortest text is the oracle.
    plain = [(v, m) for v, m in zip(values, made.tolist(), strict=True) if 1e-12 <= abs(v) < 1e6]
    assert all(len(repr(m)) <= 12 + len("-0.000001") for _, m in plain)
    short = [v for v, m in plain if float(str(v)) != m]
    assert len(short) < 0.01 * len(plain)


def test_floats_of_any_shape():
    for shape in ((), (0,), (2, 0), (2, 3)):
        array = np.full(shape, 0.1, "float32")
        (value,) = json.loads(responses.write({"y": array}, by_row=False)).values()
        assert value == np.full(shape, 0.1).tolist()
    edge = struct.unpack("3f", struct.pack("3f", 1e-45, 3.4e38, -0.0))
    assert (responses.shortest(np.array(edge, "float32")) == edge).all()


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


def test_outputs_that_cannot_be_written():
    for by_row in (True, False):
        with pytest.raises(StatusError, match="`y` is of type float16"):
            responses.write({"y": np.zeros(2, "float16")}, by_row)
    with pytest.raises(StatusError, match="`y` is a scalar and has no rows"):
        responses.write({"y": np.zeros((), "float32")}, by_row=True)
    with pytest.raises(StatusError, match=r"unequal numbers of rows \(x 1, y 2\)"):
        responses.write({"x": np.zeros(1, "float32"), "y": np.zeros(2, "float32")}, by_row=True)


def test_an_error_is_json_whatever_it_repeats():
    message = 'é "\n\udcff\ud800'
    assert json.loads(error_body(message)) == {"error": message}
