"""The development server against TensorFlow Serving's contract, row by row, over a real socket.

The expected bodies are TensorFlow Serving's, to the blank.
"""
# A row of a table is a line.
# ruff: noqa: E501

import gzip
import json

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


def error(message):
    return f'{{\n    "error": {json.dumps(message, ensure_ascii=False)}\n}}'


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
    assert (code, answer.decode()) == (400, error(f"Malformed request: {method} {path}"))
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
    assert (answer[0], answer[1].decode()) == (code, error(message))


@pytest.mark.parametrize("place", ["", "/versions/3", "/labels/stable", "/VERSIONS/3"])
def test_every_way_to_name_the_version(server, place):
    code, answer, headers = server.ask("POST", f"/v1/models/m{place}:predict", TEXT)
    assert (code, headers["content-type"]) == (200, "application/json")
    (row,) = json.loads(answer)["predictions"]
    assert row["label"] == "short"
    assert server.ask("GET", f"/v1/models/m{place}")[1].decode() == STATUS


STATUS = """{
 "model_version_status": [
  {
   "version": "3",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  }
 ]
}
"""

# (request, code, body): signatures are those of `served_model`.
ANSWERS = [
    (signature("length", instances=["a", "bcd"]), '"predictions": [1, 3\n    ]'),
    (signature("length", instances=[{"text": "a"}, {"text": ""}]), '"predictions": [1, 0\n    ]'),
    (signature("length", instances=[{"b64": "YWJj"}]), '"predictions": [3\n    ]'),
    (signature("length", instances=[{"text": {"b64": "YQ"}}]), '"predictions": [1\n    ]'),
    (signature("length", inputs=["a"]), '"outputs": [\n        1\n    ]'),
    (signature("length", inputs={"text": ["a", {"b64": "/w=="}]}), '"outputs": [\n        1,\n        1\n    ]'),
    (signature("length", inputs={"text": ["a"], "other": 1}), '"outputs": [\n        1\n    ]'),
    (signature("length", inputs=[]), '"outputs": []'),
    (signature("matrix", inputs=[]).replace("[]", "[[1, 2]]"), '"outputs": [\n        [\n            1.0,\n            2.0\n        ]\n    ]'),
    (signature("matrix", instances=[[1, 2.5], [3, 4]]), '"predictions": [[1.0, 2.5], [3.0, 4.0]\n    ]'),
    (signature("any_shape", inputs=7), '"outputs": 7.0'),
    (signature("any_shape", inputs=[[[1]]]), '"outputs": [\n        [\n            [\n                1.0\n            ]\n        ]\n    ]'),
    (signature("scalar", inputs=1), '"outputs": 2.0'),
    (
        signature("two", instances=[{"a": 1.5, "b": 2}, {"b": 3, "a": 4}]),
        '"predictions": [\n        {\n            "b": 2,\n            "sum": 3.5\n        },'
        '\n        {\n            "b": 3,\n            "sum": 7.0\n        }\n    ]',
    ),
    (
        signature("two", inputs={"a": [1.5], "b": [2]}),
        '"outputs": {\n        "b": [\n            2\n        ],\n        "sum": [\n            3.5\n        ]\n    }',
    ),
    (
        signature("unequal", inputs=[1, 5]),
        '"outputs": {\n        "all": [\n            1.0,\n            5.0\n        ],\n        "first": [\n'
        '            1.0\n        ],\n        "most": 5.0\n    }',
    ),
    (signature("distinct", inputs=[2, 2, 3]), '"outputs": [\n        2.0,\n        3.0\n    ]'),
    (
        signature("only_bytes", instances=["a"]),
        '"predictions": [[{\n                "b64": "YQ=="\n            }, {\n                "b64": "YQ=="\n            }]\n    ]',
    ),
    (
        signature("pass_on", instances=["é\u0000\n\"\\/"]),
        '"predictions": [\n        {\n            "raw": "é\\u0000\\n\\"\\\\/",\n            "raw_bytes": {\n'
        '                "b64": "w6kACiJcLw=="\n            }\n        }\n    ]',
    ),
    (signature("same_float32", instances=[0.1, 1e10, 1e-7, 16777215]), '"predictions": [0.1, 1e+10, 1e-07, 16777215.0\n    ]'),
    (signature("same_float32", instances=[0.123456789, -0.0, 100000, 1234567]), '"predictions": [0.123456791, -0.0, 100000.0, 1234567.0\n    ]'),
    (signature("same_float64", instances=[0.123456789, 1]), '"predictions": [0.123456789, 1.0\n    ]'),
    ('{"signature_name": "same_float32", "instances": [NaN, Infinity, -Infinity, Inf, -Inf]}', '"predictions": [NaN, Infinity, -Infinity, Infinity, -Infinity\n    ]'),
    (signature("same_int32", instances=[-1, 2147483647]), '"predictions": [-1, 2147483647\n    ]'),
    (signature("same_int64", instances=[-(2**63), 2**63 - 1]), '"predictions": [-9223372036854775808, 9223372036854775807\n    ]'),
    (signature("same_uint8", instances=[255]), '"predictions": [255\n    ]'),
    (signature("same_uint32", instances=[4294967295]), '"predictions": [4294967295\n    ]'),
    (signature("same_bool", instances=[True, False]), '"predictions": [true, false\n    ]'),
    ('\ufeff {"signature_name":"length","instances":["\\ud83d\\ude00"]}\n', '"predictions": [4\n    ]'),
]  # fmt: skip


@pytest.mark.parametrize(("request_body", "expected"), ANSWERS)
def test_answers(server, request_body, expected):
    code, answer, _ = server.ask("POST", PREDICT, request_body.encode())
    assert (code, answer.decode()) == (200, f"{{\n    {expected}\n}}")


def test_the_default_signature_is_that_of_an_empty_name(server):
    plain = server.ask("POST", PREDICT, body(instances=["a"]))[1]
    assert server.ask("POST", PREDICT, signature("", instances=["a"]))[1] == plain
    assert server.ask("POST", PREDICT, signature("serving_default", instances=["a"]))[1] == plain


ROW = "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: "
REFUSED = [
    ("", "JSON Parse error: The document is empty"),
    (" \n", "JSON Parse error: The document is empty. at offset: 2"),
    ("instances = [1]", "JSON Parse error: Invalid value. at offset: 0"),
    ('{"instances": ["a"', "JSON Parse error: Missing a comma or ']' after an array element. at offset: 18"),
    ('{"instances": ["a"}', "JSON Parse error: Missing a comma or ']' after an array element. at offset: 18"),
    ('{"instances": ["a"] 1', "JSON Parse error: Missing a comma or '}' after an object member. at offset: 20"),
    ('{"instances" ["a"]}', "JSON Parse error: Missing a colon after a name of object member. at offset: 13"),
    ("{instances: []}", "JSON Parse error: Missing a name for object member. at offset: 1"),
    ('{"a": 1,}', "JSON Parse error: Missing a name for object member. at offset: 8"),
    ('{"a": [1,]}', "JSON Parse error: Invalid value. at offset: 9"),
    ('{"a": "x', "JSON Parse error: Missing a closing quotation mark in string. at offset: 8"),
    ('{"a": "\\x"}', "JSON Parse error: Invalid escape character in string. at offset: 7"),
    ('{"a": "\\u12"}', "JSON Parse error: Incorrect hex digit after \\u escape in string. at offset: 7"),
    ('{"a": "\\ud800"}', "JSON Parse error: The surrogate pair in string is invalid. at offset: 7"),
    ('{"a": "\t"}', "JSON Parse error: Invalid escape character in string. at offset: 7"),
    ('{"a": 1.}', "JSON Parse error: Miss fraction part in number. at offset: 8"),
    ('{"a": 1e}', "JSON Parse error: Miss exponent in number. at offset: 8"),
    ('{"a": 1e999}', "JSON Parse error: Number too big to be stored in double. at offset: 6"),
    ('{"a": 01}', "JSON Parse error: Missing a comma or '}' after an object member. at offset: 7"),
    ('{"a": truth}', "JSON Parse error: Invalid value. at offset: 9"),
    ("{} {}", "JSON Parse error: The document root must not be followed by other values. at offset: 3"),
    ("[1, 2.5]", "JSON Value: [\n    1,\n    2.5\n] Is not object"),
    ('"x"', 'JSON Value: "x" Is not object'),
    (body(), "Missing 'inputs' or 'instances' key"),
    (body(instances=[]), 'JSON Value: {\n    "instances": []\n} No values in \'instances\' array'),
    (body(instances="a"), 'JSON Value: {\n    "instances": "a"\n} Excepting \'instances\' to be an list/array'),
    (
        body(instances=["a"], inputs=["a"]),
        'JSON Value: {\n    "instances": [\n        "a"\n    ],\n    "inputs": [\n        "a"\n    ]\n} '
        "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
    ),
    (
        body(signature_name=1, instances=["a"]),
        'JSON Value: {\n    "signature_name": 1,\n    "instances": [\n        "a"\n    ]\n} not formatted correctly. '
        "'signature_name' key must be a string value.",
    ),
    (signature("none", instances=["a"]), 'Serving signature name: "none" not found in signature def'),
    (signature("__saved_model_init_op", instances=["a"]), "Failed to get input map for signature: __saved_model_init_op"),
    (body(inputs=1), "JSON Value: 1 Type: Number is not of expected type: string"),
    (body(inputs=[1.5]), "JSON Value: 1.5 Type: Number is not of expected type: string"),
    (body(inputs=[None]), "JSON Value: null Type: Null is not of expected type: string"),
    (body(inputs=[True]), "JSON Value: true Type: True is not of expected type: string"),
    (body(inputs={"texts": ["a"]}), "Missing named input: text in 'inputs' object."),
    (body(inputs={"b64": 1}), "Missing named input: text in 'inputs' object."),
    (body(instances=[1]), ROW + "JSON Value: 1 Type: Number is not of expected type: string"),
    (body(instances=[{"b64": "*"}]), ROW + "Unable to base64 decode"),
    (body(inputs=[{"b64": "YQ=", "x": 1}]), 'JSON Value: {\n    "b64": "YQ=",\n    "x": 1\n} not formatted correctly for base64 data'),
    (body(inputs=[{"b64": "YQ="}]), "Unable to base64 decode"),
    ('{"inputs": [{"b64": "YQ==", "b64": "YQ=="}]}', 'JSON Value: {\n    "b64": "YQ==",\n    "b64": "YQ=="\n} not formatted correctly for base64 data'),
    (body(instances=[["a"], "b"]), "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [1] but got: []"),
    (body(instances=[["a"], ["b", "c"]]), "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 1 but got: 2"),
    (body(instances=[["a", ["b"]]]), ROW + "Encountered list at unexpected level: 1 expected < 1"),
    (body(instances=[[["a"], "b"]]), ROW + 'JSON Value: "b" found at incorrect level: 2 in the JSON DOM. Expected at level: 2'),
    (body(instances=[[["a"], []]]), ROW + "Encountered list at unexpected size: 0 at level: 1 expected size: 1"),
    (body(instances=[{"K": "a"}]), "Failed to process element: 0 key: K of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: K"),
    (body(instances=[{}]), "Failed to process element: 0 of 'instances' list. JSON object: {} keys must be equal to: text"),
    (body(instances=[{"text": "a"}, "b"]), "Expecting object but got list at item 1 of input list"),
    (body(instances=["a", {"text": "b"}]), "Expecting value/list but got object at item 1 of input list"),
    (signature("two", instances=[1]), "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"),
    (signature("two", inputs=[1]), "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"),
    (signature("two", instances=[{"a": 1}]), "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"a\": 1\n} keys must be equal to: a,b"),
    (signature("two", inputs={"a": [1]}), "Missing named input: b in 'inputs' object."),
    (signature("two", instances=[{"a": 1, "b": 1.0}]), "Failed to process element: 0 key: b of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 1.0 Type: Number is not of expected type: int32"),
    (signature("same_int32", inputs=[1.0]), "JSON Value: 1.0 Type: Number is not of expected type: int32"),
    (signature("same_int32", inputs=[2**31]), "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
    (signature("same_int64", inputs=[2**63]), "JSON Value: 9223372036854775808 Type: Number is not of expected type: int64"),
    (signature("same_bool", inputs=[1]), "JSON Value: 1 Type: Number is not of expected type: bool"),
    (signature("same_uint32", inputs=[-1]), "JSON Value: -1 Type: Number is not of expected type: uint32"),
    (signature("same_float32", inputs=["1"]), 'JSON Value: "1" Type: String is not of expected type: float'),
    (signature("same_float64", inputs=[{"b64": "YQ=="}]), 'JSON Value: {\n    "b64": "YQ=="\n} Type: Object is not of expected type: double'),
    (signature("same_float32", inputs=[16777217]), "Cannot convert JSON value: 16777217 to float without loss of precision."),
    (signature("same_float32", inputs=[1e39]), "Cannot convert JSON value: 1e+39 to float without loss of precision."),
    (signature("unequal", instances=[1, 5]), "Tensor name: first has inconsistent batch size: 1 expecting: 2"),
    (signature("scalar", instances=[1]), None),
    (body(instances=[["a"]]), None),
    (signature("number", instances=["x"]), None),
]  # fmt: skip


@pytest.mark.parametrize(("request_body", "message"), REFUSED)
def test_refusals(server, request_body, message):
    code, answer, headers = server.ask("POST", PREDICT, request_body.encode())
    assert (code, headers["content-type"]) == (400, "application/json")
    if message is None:  # TensorFlow's own words.
        assert json.loads(answer)["error"]
    else:
        assert answer.decode() == error(message)


def test_a_type_that_json_cannot_carry_is_unimplemented(server):
    answer = server.ask("POST", PREDICT, signature("same_half", inputs=[1]))
    assert answer[:2] == (501, error("Conversion of JSON Value: 1 to type: half").encode())


def test_a_malformed_body_is_told_before_the_model_is_looked_up(server):
    answer = server.ask("POST", "/v1/models/none:predict", "{")
    assert (answer[0], json.loads(answer[1])["error"][:16]) == (400, "JSON Parse error")


def test_bytes_that_are_no_utf8_are_passed_on(server):
    raw = b'{"signature_name": "pass_on", "instances": ["\xff\xc3("]}'
    code, answer, _ = server.ask("POST", PREDICT, raw)
    assert code == 200
    assert b'"raw": "\xff\xc3("' in answer
    assert b'"b64": "/8Mo"' in answer


def test_the_first_of_two_equal_keys_counts(server):
    request = '{"instances": ["abc"], "instances": [1], "signature_name": "length"}'
    assert b"[3" in server.ask("POST", PREDICT, request)[1]


def test_content_type_is_ignored_and_gzip_accepted(server):
    request = signature("length", instances=["abcd"]).encode()
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}):
        assert b"[4" in server.ask("POST", PREDICT, request, headers)[1]
    packed = gzip.compress(request)
    assert b"[4" in server.ask("POST", PREDICT, packed, {"Content-Encoding": "gzip"})[1]
    for broken in (packed[:-9], b"no gzip", b""):
        code, answer, _ = server.ask("POST", PREDICT, broken, {"Content-Encoding": "gzip"})
        assert (code, answer.decode()) == (400, error("JSON Parse error: The document is empty"))


def test_metadata(server):
    code, answer, headers = server.ask("GET", "/v1/models/m/metadata")
    assert (code, headers["content-type"]) == (200, "application/json")
    assert answer.startswith(b'{\n"model_spec":{\n "name": "m",\n')
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
    for place in ("/versions/3", "/labels/stable"):
        assert server.ask("GET", f"/v1/models/m{place}/metadata")[1] == answer
