"""Versions come and go while the server runs; a bad one changes nothing."""

import json
import shutil

import pytest
from served_model import Server, write_model

pytest.importorskip("starlette")

ORIGIN = "https://a.example"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("models") / "m", version=1, scale=1.0)


@pytest.fixture(scope="module")
def server(base):
    labels = ["--version-labels", "stable=1", "next=3"]
    server = Server(base, "--poll", "0.05", "--name", "reviews", "--allow-origin", ORIGIN, *labels)
    yield server
    assert server.stop() == 0


def scale(server, place=""):
    path = f"/v1/models/reviews{place}:predict"
    code, told = server.predict({"signature_name": "scaled", "inputs": [1.0]}, path)
    return told["outputs"][0] if code == 200 else code


def states(server):
    told = json.loads(server.ask("GET", "/v1/models/reviews")[1])["model_version_status"]
    return {entry["version"]: entry["state"] for entry in told}


def test_versions_while_it_runs(base, server, tmp_path):
    assert (scale(server), scale(server, "/versions/1"), states(server)) == (
        *(1.0, 1.0),
        {"1": "AVAILABLE"},
    )
    (base / "2").mkdir()  # Nothing in it, and no model in the other.
    (base / "notes").mkdir()
    server.wait_for(lambda: states(server).get("2") == "END")
    assert scale(server) == 1.0
    shutil.rmtree(base / "2")

    write_model(base, version=4, scale=4.0)
    server.wait_for(lambda: scale(server) == 4.0)
    # It has a label, so it stays although a higher one answers.
    assert scale(server, "/labels/stable") == 1.0
    assert states(server) == {"2": "END", "4": "AVAILABLE", "1": "AVAILABLE"}

    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "saved_model.pb").write_bytes(b"\x00 no SavedModel")
    (tmp_path / "5").rename(base / "5")
    server.wait_for(lambda: states(server).get("5") == "END")
    assert scale(server) == 4.0
    told = json.loads(server.ask("GET", "/v1/models/reviews/versions/5")[1])
    (entry,) = told["model_version_status"]
    assert (entry["state"], entry["status"]["error_code"]) == ("END", "UNKNOWN")
    assert entry["status"]["error_message"]

    broken = write_model(tmp_path, version=6) / "6"
    for shard in (broken / "variables").glob("*.index"):
        shard.unlink()
    (broken / "saved_model.pb").write_bytes((broken / "saved_model.pb").read_bytes()[:1000])
    broken.rename(base / "6")
    server.wait_for(lambda: states(server).get("6") == "END")
    assert scale(server) == 4.0

    assert scale(server, "/labels/next") == 404
    write_model(base, version=3, scale=3.0)
    server.wait_for(lambda: scale(server, "/labels/next") == 3.0)
    assert scale(server) == 4.0

    shutil.rmtree(base / "6")
    write_model(base, version=6, scale=6.0)  # Mended under the same number.
    server.wait_for(lambda: scale(server) == 6.0)
    server.wait_for(lambda: states(server)["4"] == "END")
    assert scale(server, "/versions/4") == 404

    shutil.rmtree(base / "6")  # Roll back.
    server.wait_for(lambda: scale(server) == 4.0)


def test_pages_of_the_allowed_origin_may_ask(server):
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight["Access-Control-Request-Headers"] = "content-type"
    code, _, headers = server.ask("OPTIONS", "/v1/models/reviews:predict", headers=preflight)
    assert (code, headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert server.ask("GET", "/v1/models/reviews", headers={"Origin": ORIGIN})[2][
        "access-control-allow-origin"
    ]
    other = server.ask("GET", "/v1/models/reviews", headers={"Origin": "https://b.example"})[2]
    assert other.get("access-control-allow-origin") != "https://b.example"
