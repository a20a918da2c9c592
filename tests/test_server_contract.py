"""The development server against TensorFlow Serving's contract, row by row, over a real socket.

Paths, status codes and JSON values are TensorFlow Serving's; the words of its parser are not.
"""
# A row of a table is a line.
# ruff: noqa: E501

import gzip
import json
import re

import pytest
from served_model import Server, write_model

pytest.importorskip("starlette")

PREDICT = "/v1/models/m:predict"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = write_model(tmp_path_factory.mktemp("models") / "m", version=3)
    server = Server(base, "--version-labels", "stable=3", "--max-body", "100000")
    yield server
    assert server.stop() == 0


def error_of(answer):
    told = json.loads(answer)
    assert list(told) == ["error"]
    return told["error"]


def body(**members):
    return json.dumps(members)


def signature(name, **members):
    return json.dumps({"signature_name": name, **members})


MALFORMED = [
    ("GET", "/v1/models/m:predict"),
    ("POST", "/v1/models/m"),
    ("PUT", "/v1/models/m:predict"),
    ("DELETE", "/v1/models/m"),
    ("OPTIONS", "/v1/models/m:predict"),
    ("POST", "/v1/models/m:predict?x=1"),
    ("GET", "/v1/models/m?x=1"),
    ("GET", "/v1/models/m/"),
    ("POST", "/v1/models/m:predict/"),
    ("POST", "/v1/models/m:explain"),
    ("POST", "/v1/models/m:PREDICT"),
    ("GET", "/v1/models/m/versions/three"),
    ("GET", "/v1/models/m/versions/"),
    ("GET", "/v1/models/m/metadata/x"),
    ("GET", "/v1/foo"),
    ("GET", "/v1/"),
]


@pytest.mark.parametrize(("method", "path"), MALFORMED)
def test_malformed_requests(server, method, path):
    code, answer, headers = server.ask(method, path, "{}" if method == "POST" else None)
    assert (code, error_of(answer)) == (400, f"Malformed request: {method} {path}")
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/v1", "/v2/models/m", "/models", "/favicon.ico"])
def test_outside_of_v1_there_is_nothing(server, path):
    assert server.ask("GET", path)[0] == 404
    assert server.ask("POST", path, "{}")[0] == 404


TEXT = body(instances=["ab"])
LOOKED_UP = [
    ("POST", "/v1/models/n:predict", 404, "Servable not found for request: Latest(n)"),
    (
        "POST",
        "/v1/models/m/versions/9:predict",
        404,
        "Servable not found for request: Specific(m, 9)",
    ),
    (
        "POST",
        "/v1/models/n/versions/3:predict",
        404,
        "Servable not found for request: Specific(n, 3)",
    ),
    ("POST", "/v1/models/m/labels/new:predict", 400, "Unrecognized servable version label: new"),
    ("POST", "/v1/models/m%20x:predict", 404, "Servable not found for request: Latest(m x)"),
    ("GET", "/v1/models/n", 404, "Could not find any versions of model n"),
    ("GET", "/v1/models/m/versions/9", 404, "Could not find version 9 of model m"),
    ("GET", "/v1/models/n/metadata", 404, "Servable not found for request: Latest(n)"),
    (
        "GET",
        "/v1/models/m/versions/9/metadata",
        404,
        "Servable not found for request: Specific(m, 9)",
    ),
    ("GET", "/v1/models", 400, "Missing model name in request."),
    (
        *("POST", "/v1/models/m/versions/99999999999999999999:predict", 400),
        "Failed to convert version: 99999999999999999999 to numeric.",
    ),
    (
        *("POST", "/v1/models/m:classify", 400),
        "Expected classification signature method_name to be tensorflow/serving/classify. "
        "Was: tensorflow/serving/predict",
    ),
]


@pytest.mark.parametrize(("method", "path", "code", "message"), LOOKED_UP)
def test_models_versions_labels(server, method, path, code, message):
    answer = server.ask(method, path, TEXT if method == "POST" else None)
    assert (answer[0], error_of(answer[1])) == (code, message)


@pytest.mark.parametrize("version", ["", "/versions/3", "/labels/stable", "/VERSIONS/3"])
def test_every_way_to_name_the_version(server, version):
    code, answer, headers = server.ask("POST", f"/v1/models/m{version}:predict", TEXT)
    assert (code, headers["content-type"]) == (200, "application/json")
    (row,) = json.loads(answer)["predictions"]
    assert row["label"] == "short"
    status = json.loads(server.ask("GET", f"/v1/models/m{version}")[1])
    fine = {"error_code": "OK", "error_message": ""}
    entry = {"version": "3", "state": "AVAILABLE", "status": fine}
    assert status == {"model_version_status": [entry]}


def test_an_absolute_url(server):
    address = f"http://127.0.0.1:{server.port}/v1/models/m"
    assert json.loads(server.ask("GET", address)[1])["model_version_status"]


# (request, answer): signatures are those of `served_model`.
ANSWERS = [
    (signature("length", instances=["a", "bcd"]), {"predictions": [1, 3]}),
    (signature("length", instances=[{"text": "a"}, {"text": ""}]), {"predictions": [1, 0]}),
    (signature("length", instances=[{"b64": "YWJj"}]), {"predictions": [3]}),
    (signature("length", instances=[{"text": {"b64": "YQ"}}]), {"predictions": [1]}),
    (signature("length", inputs=["a"]), {"outputs": [1]}),
    (signature("length", inputs={"text": ["a", {"b64": "/w=="}]}), {"outputs": [1, 1]}),
    (signature("length", inputs={"text": ["a"], "other": 1}), {"outputs": [1]}),
    (signature("length", inputs=[]), {"outputs": []}),
    (signature("matrix", inputs=[[1, 2]]), {"outputs": [[1.0, 2.0]]}),
    (signature("matrix", instances=[[1, 2.5], [3, 4]]), {"predictions": [[1.0, 2.5], [3.0, 4.0]]}),
    (signature("any_shape", inputs=7), {"outputs": 7.0}),
    (signature("any_shape", inputs=[[[1]]]), {"outputs": [[[1.0]]]}),
    (signature("any_shape", inputs=[[], []]), {"outputs": [[], []]}),
    (signature("scalar", inputs=1), {"outputs": 2.0}),
    (signature("two", instances=[{"a": 1.5, "b": 2}, {"b": 3, "a": 4}]), {"predictions": [{"b": 2, "sum": 3.5}, {"b": 3, "sum": 7.0}]}),
    (signature("two", inputs={"a": [1.5], "b": [2]}), {"outputs": {"b": [2], "sum": [3.5]}}),
    (signature("unequal", inputs=[1, 5]), {"outputs": {"all": [1.0, 5.0], "first": [1.0], "most": 5.0}}),
    (signature("distinct", inputs=[2, 2, 3]), {"outputs": [2.0, 3.0]}),
    (signature("only_bytes", instances=["a"]), {"predictions": [[{"b64": "YQ=="}, {"b64": "YQ=="}]]}),
    (signature("pass_on", instances=["é\u0000\n\"\\/"]), {"predictions": [{"raw": "é\u0000\n\"\\/", "raw_bytes": {"b64": "w6kACiJcLw=="}}]}),
    (signature("same_float32", instances=[0.1, 1e10, 1e-7, 16777215]), {"predictions": [0.1, 1e10, 1e-7, 16777215.0]}),
    (signature("same_float64", instances=[0.123456789, 1]), {"predictions": [0.123456789, 1.0]}),
    (signature("same_int32", instances=[-1, 2147483647]), {"predictions": [-1, 2147483647]}),
    (signature("same_int64", instances=[-(2**63), 2**63 - 1]), {"predictions": [-(2**63), 2**63 - 1]}),
    (signature("same_uint8", instances=[255]), {"predictions": [255]}),
    (signature("same_uint32", instances=[4294967295]), {"predictions": [4294967295]}),
    (signature("same_bool", instances=[True, False]), {"predictions": [True, False]}),
    ('\ufeff {"signature_name":"length","instances":["\\ud83d\\ude00"]}\n', {"predictions": [4]}),
]  # fmt: skip


@pytest.mark.parametrize(("request_body", "expected"), ANSWERS)
def test_answers(server, request_body, expected):
    code, answer, _ = server.ask("POST", PREDICT, request_body.encode())
    assert (code, json.loads(answer)) == (200, expected)
    # 1 == 1.0 == True in Python, but not in JSON.
    assert json.dumps(json.loads(answer)) == json.dumps(expected)


def test_the_default_signature_is_that_of_an_empty_name(server):
    plain = server.ask("POST", PREDICT, body(instances=["a"]))[1]
    assert server.ask("POST", PREDICT, signature("", instances=["a"]))[1] == plain
    assert server.ask("POST", PREDICT, signature("serving_default", instances=["a"]))[1] == plain


# (request, a pattern of the message, or None for TensorFlow's own words).
REFUSED = [
    ("", "^The document is empty$"),
    (" \n", "^The document is empty$"),
    ("instances = [1]", r"JSON Parse error: .*char 0"),
    ('{"instances": ["a"', r"JSON Parse error: .*char 18"),
    ("{} {}", "JSON Parse error: Extra data"),
    ('{"instances": ["a"], "instances": [1]}', 'has the key "instances" twice'),
    ('{"inputs": [{"b64": "YQ==", "b64": "YQ=="}]}', 'has the key "b64" twice'),
    ('{"inputs": [NaN]}', "NaN is not a JSON number"),
    ('{"inputs": [-Infinity]}', "-Infinity is not a JSON number"),
    ("[1, 2.5]", r"must be a JSON object. Received: \[1, 2.5\]"),
    (body(), "must have `instances` .* or `inputs`"),
    (body(instances=[]), r"`instances` must be a list of values. Received: \[\]"),
    (body(instances="a"), '`instances` must be a list of values. Received: "a"'),
    (body(instances=["a"], inputs=["a"]), "either `instances` or `inputs`"),
    (body(signature_name=1, instances=["a"]), "`signature_name` must be a string. Received: 1"),
    (signature("none", instances=["a"]), '^Serving signature name: "none" not found in signature def$'),
    (signature("__saved_model_init_op", instances=["a"]), "not found in signature def"),
    (body(inputs=1), "`text` must be of type string. Received: 1, an integer"),
    (body(inputs=[1.5]), "`text` must be of type string. Received: 1.5, a number"),
    (body(inputs=[None]), "Received: null"),
    (body(inputs=[True]), "Received: true, a bool"),
    (body(inputs={"texts": ["a"]}), r"`inputs` must have the keys \[\"text\"\]. Missing: \['text'\]"),
    (body(inputs={"b64": 1}), r"Missing: \['text'\]"),
    (body(instances=[1]), "`text` must be of type string"),
    (body(instances=[{"b64": "*"}]), "invalid base64 in value 0"),
    (body(inputs=["a", {"b64": "YQ=x"}]), "invalid base64 in value 1"),
    (body(inputs=[{"b64": "YQ=", "x": 1}]), "`text` must be of type string. Received: .*, an object"),
    (body(inputs=["\ud800"]), r"half a surrogate pair, \\ud800, in value 0"),
    (body(instances=[["a"], "b"]), "`text` must not be ragged. Received at item 1, 1 lists deep: a single value instead of a list of 1"),
    (body(instances=[["a"], ["b", "c"]]), "at item 1, 1 lists deep: a list of 2 instead of a list of 1"),
    (body(instances=["a", ["b"]]), "a list of 1 instead of a single value"),
    (body(inputs=[["a", ["b"]]]), "at item 0, 2 lists deep"),
    (body(instances=[[["a"], []]]), "a list of 0 instead of a list of 1"),
    (f'{{"inputs": {"[" * 40}"a"{"]" * 40}}}', "at most 32 dimensions"),
    (f'{{"inputs": {"[" * 90_000}', "nested too deeply"),
    (f'{{"inputs": {"[" * 40_000}{"]" * 40_000}}}', "nested too deeply"),
    (body(instances=[{"K": "a"}]), r"`instances\[0\]` must have the keys \[\"text\"\]. Received: \[\"K\"\]"),
    (body(instances=[{}]), r"Received: \[\]"),
    (body(instances=[{"text": "a"}, "b"]), r"`instances\[1\]` must have the keys"),
    (body(instances=["a", {"text": "b"}]), "`text` must be of type string. Received: .*, an object"),
    (signature("two", instances=[1]), r"must be an object with the keys \[\"a\", \"b\"\]. Received: 1"),
    (signature("two", inputs=[1]), r"must be an object with the keys \[\"a\", \"b\"\]"),
    (signature("two", instances=[{"a": 1}]), r"must have the keys \[\"a\", \"b\"\]. Received: \[\"a\"\]"),
    (signature("two", instances=[{"a": 1, "b": 1.0}]), "`b` must be of type int32. Received: 1.0, a number"),
    (signature("two", inputs={"a": [1, 2], "b": [1, 2, 3]}), None),
    (signature("same_int32", inputs=[2**31]), "`x` holds an integer outside the range of int32"),
    (signature("same_int64", inputs=[2**63]), "outside the range of int64"),
    (signature("same_uint32", inputs=[-1]), "outside the range of uint32"),
    ('{"signature_name": "same_int64", "inputs": [' + "9" * 5000 + "]}", "too many digits"),
    (signature("same_bool", inputs=[1]), "`x` must be of type bool. Received: 1, an integer"),
    (signature("same_float32", inputs=[True]), "`x` must be of type float32. Received: true, a bool"),
    (signature("same_float32", inputs=["1"]), 'Received: "1", a string'),
    (signature("same_float64", inputs=[{"b64": "YQ=="}]), "an object"),
    (signature("same_float32", inputs=[1e39]), "outside the range of float32"),
    (signature("same_float64", inputs=[10**400]), "outside the range of float64"),
    ('{"signature_name": "same_float64", "inputs": [1e999]}', "outside the range of float64"),
    (signature("unequal", instances=[1, 5]), "`most` is a scalar and has no rows"),
    (signature("scalar", instances=[1]), r"`x` must have the shape \[\]"),
    (signature("matrix", inputs=[[1, 2, 3]]), r"`x` must have the shape \[-1, 2\].*Received: \[1, 3\]"),
    (body(instances=[["a"]]), r"`text` must have the shape \[-1\]"),
    (signature("number", instances=["x"]), None),
]  # fmt: skip


@pytest.mark.parametrize(("request_body", "message"), REFUSED)
def test_refusals(server, request_body, message):
    code, answer, headers = server.ask("POST", PREDICT, request_body.encode())
    assert (code, headers["content-type"]) == (400, "application/json")
    assert re.search(message or ".", error_of(answer))
    assert len(answer) < 2000


def test_a_type_that_json_cannot_carry_is_unimplemented(server):
    code, answer, _ = server.ask("POST", PREDICT, signature("same_half", inputs=[1]))
    assert (code, error_of(answer)) == (501, "`x` is of type float16, which JSON cannot carry")


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        (signature("not_finite", instances=["a"]), "Output `y` holds NaN or Infinity"),
        (signature("pass_on", instances=[{"b64": "/w=="}]), "Output `raw` holds text that is not UTF-8"),
    ],
)  # fmt: skip
def test_outputs_that_json_cannot_carry(server, request_body, message):
    code, answer, _ = server.ask("POST", PREDICT, request_body)
    assert (code, error_of(answer)) == (500, message)


def test_a_malformed_body_is_reported_before_the_model_is_looked_up(server):
    answer = server.ask("POST", "/v1/models/none:predict", "{")
    assert (answer[0], error_of(answer[1])[:16]) == (400, "JSON Parse error")


def test_bytes_that_are_not_utf8(server):
    code, answer, _ = server.ask("POST", PREDICT, b'{"instances": ["\xff\xc3("]}')
    assert code == 400
    assert "not valid UTF-8: invalid start byte at byte 16" in error_of(answer)


def test_content_type_is_ignored_and_gzip_accepted(server):
    request = signature("length", instances=["abcd"]).encode()
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}):
        assert b"[4" in server.ask("POST", PREDICT, request, headers)[1]
    packed = gzip.compress(request)
    assert b"[4" in server.ask("POST", PREDICT, packed, {"Content-Encoding": "gzip"})[1]
    for broken in (packed[:-9], b"no gzip", b""):
        code, answer, _ = server.ask("POST", PREDICT, broken, {"Content-Encoding": "gzip"})
        assert code == 400
        assert "not valid gzip" in error_of(answer)


def test_metadata(server):
    code, answer, headers = server.ask("GET", "/v1/models/m/metadata")
    assert (code, headers["content-type"]) == (200, "application/json")
    told = json.loads(answer)
    assert told["model_spec"] == {"name": "m", "version": "3", "signature_name": ""}
    definitions = told["metadata"]["signature_def"]["signature_def"]
    assert definitions["two"]["method_name"] == "tensorflow/serving/predict"
    assert set(definitions["two"]["outputs"]) == {"sum", "b"}
    name = definitions["serving_default"]["inputs"]["text"].pop("name")
    assert name == "serving_default_text:0"
    assert definitions["serving_default"]["inputs"]["text"] == {
        "dtype": "DT_STRING",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
    }
    assert definitions["any_shape"]["inputs"]["x"]["tensor_shape"]["unknown_rank"] is True
    for version in ("/versions/3", "/labels/stable"):
        assert server.ask("GET", f"/v1/models/m{version}/metadata")[1] == answer
