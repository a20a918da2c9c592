"""The folder around the versions: whole versions or none, and what a server is started with."""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest
import tensorflow as tf
from forked_process import Forked
from tiny_classifier import build_bag

from hanlib import atomic_files
from hanlib.serving import export_saved_model, export_version, server_config, versions
from hanlib.serving.base_folder import write_base_files
from hanlib.serving.signature_inputs import further_inputs
from hanlib.serving.warm_up import BATCH_SIZES


def export_forever(base, rename):
    """Exports version after version; kills itself at that call of `os.rename`."""
    left, original = [rename], os.rename

    def counted(*arguments):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        original(*arguments)

    os.rename = counted
    classifier = build_bag()
    while True:
        print(export_version(classifier, base).name, flush=True)


@pytest.fixture(scope="module")
def classifier():
    return build_bag()


@pytest.fixture(scope="module")
def base(classifier, tmp_path_factory):
    base = tmp_path_factory.mktemp("models") / "my reviews"
    export_version(classifier, base)
    return base


def exporter(base, rename=0):
    return Forked(export_forever, base, rename)


def assert_whole(base):
    """Every version loads and answers."""
    for number in versions.numbers(base):
        serve = tf.saved_model.load(str(base / str(number))).signatures["serving_default"]
        assert serve(tf.constant(["Good."]))["label"].numpy()[0] in (b"neg", b"pos")
        assert (base / str(number) / "assets.extra" / "tf_serving_warmup_requests").is_file()


def leftovers(base):
    return [path.name for path in base.iterdir() if not path.name.isdecimal()]


def test_killed_in_front_of_the_rename(classifier, tmp_path):
    process = exporter(tmp_path, rename=1)
    process.wait(600)
    assert process.returncode == -signal.SIGKILL
    assert versions.numbers(tmp_path) == []
    assert len(leftovers(tmp_path)) == 1
    # The next export clears up, and goes on.
    assert export_version(classifier, tmp_path).name == "1"
    assert leftovers(tmp_path) == []


def kill_at_random(base, times, draw):
    """Kills exporters at random moments, each within its second or third export."""
    for _ in range(times):
        process = exporter(base)
        start = time.monotonic()
        assert process.stdout.readline(), "the exporter ended by itself"
        # The first export, with what it takes to start, is longer than any after it.
        time.sleep(draw.uniform(0, min(time.monotonic() - start, 8)))
        before = set(versions.numbers(base))
        process.kill()
        process.wait()
        assert before <= set(versions.numbers(base))


@pytest.mark.long  # By default: the kill in front of the rename.
def test_killed_at_a_random_moment(tmp_path):
    kill_at_random(tmp_path, 1, random.Random(os.urandom(8)))
    assert_whole(tmp_path)


@pytest.mark.long
def test_killed_at_20_random_moments(classifier, tmp_path):
    kill_at_random(tmp_path, 20, random.Random(0))
    assert len(versions.numbers(tmp_path)) >= 20
    assert_whole(tmp_path)
    export_version(classifier, tmp_path)
    assert leftovers(tmp_path) == []


def test_the_folder_of_a_living_process_stays(tmp_path):
    (tmp_path / ".writing-dead").mkdir()
    with atomic_files.writing_folder(tmp_path) as mine:
        code = (
            "import sys; from hanlib import atomic_files;"
            "atomic_files.remove_leftovers(sys.argv[1]); assert 'tensorflow' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
        assert list(tmp_path.iterdir()) == [mine]
    assert leftovers(tmp_path) == []


def test_two_exporters_at_once_make_two_versions(tmp_path):
    """Of those that reach for the same number, the second takes the next."""
    ready, made = threading.Barrier(4), []

    def export(content):
        folder = tmp_path / f".writing-{content}"
        folder.mkdir()
        (folder / "saved_model.pb").write_text(content)
        ready.wait()
        made.append((versions.publish_next(folder, tmp_path), content))

    threads = [threading.Thread(target=export, args=[str(place)]) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions.numbers(tmp_path) == [1, 2, 3, 4]
    assert all((path / "saved_model.pb").read_text() == content for path, content in made)


def test_export_leaves_nothing_else_and_never_replaces(classifier, base):
    assert leftovers(base) == []
    with pytest.raises(FileExistsError, match="`directory` must be new or empty"):
        export_saved_model(classifier, base / "1")


def test_a_failed_export_leaves_no_trace(classifier, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr("hanlib.serving.export.write_warm_up", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(classifier, tmp_path / "serving" / "1")
    assert list((tmp_path / "serving").iterdir()) == []


def export_with_limits(base):
    classifier = build_bag()
    for limit in (2_000, 10_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            export_version(classifier, base)
        except OSError as error:
            print(f"{error.strerror}|{error.filename}")


def test_a_full_disk_names_the_file(tmp_path):
    """A limit on the size of files stands for the disk: first Python's files meet it, then
    TensorFlow's."""
    process = Forked(export_with_limits, tmp_path / "full")
    process.wait(600)
    told = [line.split("|") for line in process.stdout.read().splitlines()]
    assert [error for error, _ in told] == ["File too large"] * 2, process.stderr.read()
    assert told[0][1].endswith("vocabulary.txt")
    assert all(file.startswith(str(tmp_path / "full")) for _, file in told)
    assert list((tmp_path / "full").iterdir()) == []


def test_versions_count_up(tmp_path):
    for name in ("7", "notes", "²", "007b", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "saved_model.pb").touch()
    assert versions.publish_next(tmp_path / "new", tmp_path).name == "8"


# Beside the versions ------------------------------------------------------------------------------


def serving_api(module):
    return pytest.importorskip(
        f"tensorflow_serving.{module}",
        reason="needs tensorflow-serving-api: pip install --no-deps tensorflow-serving-api==2.21.0",
    )


def test_warm_up_requests_are_answered(base):
    logs = serving_api("apis.prediction_log_pb2")
    path = base / "1" / "assets.extra" / "tf_serving_warmup_requests"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    signatures = tf.saved_model.load(str(base / "1")).signatures
    assert 0 < len(records) <= 1000
    asked = set()
    for record in records:
        request = logs.PredictionLog.FromString(record).predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.constant(tf.make_ndarray(v)) for key, v in request.inputs.items()}
        assert list(inputs) == ["text", *further_inputs(name)]
        (size,) = {len(strings) for strings in inputs.values()}
        outputs = signatures[name](**inputs)
        assert {output.shape[0] for output in outputs.values()} == {size}
        asked.add((name, size))
        # Nothing that the messages do not know.
        assert logs.PredictionLog.FromString(record).SerializeToString() == record
    assert asked == {(name, size) for name in signatures for size in BATCH_SIZES}


def write(base, classifier, **options):
    return write_base_files(
        base,
        classifier,
        dataset={"name": "demo<b>", "documents": {"train": 2000}},
        recipe={"preset": "han_small", "cell": None},
        metrics={"validation": {"documents": 400, "accuracy": 0.91}},
        options={"most_sentences": 512, "most_words": 4096, **options},
    )


def batching_parameters():
    """TensorFlow Serving's `BatchingParameters`, which its API package leaves out."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="BatchingParameters")
    names = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    for number, name in enumerate(names, start=1):
        message.field.add(
            name=name, number=number, label=1, type=11, type_name=".google.protobuf.Int64Value"
        )
    message.field.add(name="allowed_batch_sizes", number=6, label=3, type=3)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    described = pool.FindMessageTypeByName("BatchingParameters")
    return message_factory.GetMessageClass(described)()


def test_the_configurations_are_tensorflow_servings_messages(classifier, base):
    from google.protobuf import text_format

    config = serving_api("config.model_server_config_pb2").ModelServerConfig()
    batching = batching_parameters()
    write(base, classifier)
    text_format.Parse((base / "models.config").read_text(), config)
    text_format.Parse((base / "batching.config").read_text(), batching)
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("my_reviews", "/models/my_reviews")
    assert (model.model_platform, dict(model.version_labels)) == (
        "tensorflow",
        {"canary": 1, "stable": 1},
    )
    assert batching.max_batch_size.value == 1024
    compose = (base / "docker-compose.yml").read_text()
    for path in ("models.config", "batching.config"):
        assert f"={model.base_path}/{path}" in compose
    assert f'".:{model.base_path}:ro"' in compose


def test_labels_follow_the_two_newest_versions():
    text = server_config.models_config("m", "/models/m", [1, 12, 3])
    assert "num_versions: 3" in text
    assert "'canary' value: 12" in text
    assert "'stable' value: 3" in text


@pytest.mark.parametrize("name", ["a'b\\c", "モデル", ".", "x\ny"])
def test_any_name_of_a_folder(name, tmp_path):
    from google.protobuf import text_format

    config = serving_api("config.model_server_config_pb2").ModelServerConfig()
    text_format.Parse(server_config.models_config(name, f"/models/{name}", [1]), config)
    assert config.model_config_list.config[0].base_path == f"/models/{name}"
    made = server_config.model_name(tmp_path / name)
    assert made.replace("_", "a").replace(".", "a").replace("-", "a").isalnum()


def test_the_model_card(classifier, base):
    write(base, classifier, half_precision_tables=True)
    card = (base / "MODEL_CARD.md").read_text()
    for said in (
        *("- neg\n- pos", "Name: demo\\<b\\>", "Documents, train: 2,000", "| accuracy | 0.9100 |"),
        *(
            "preset: han_small",
            "## Limits",
            "4,096 words",
            "float16",
            "/v1/models/my_reviews:predict",
        ),
    ):
        assert said in card
    assert "cell" not in card


def test_what_was_changed_by_hand_stays(classifier, base):
    assert write(base, classifier) == []
    (base / "models.config").write_text("# mine\n")
    assert write(base, classifier) == ["models.config"]
    assert (base / "models.config").read_text() == "# mine\n"
    assert sorted(leftovers(base)) == [
        *("MODEL_CARD.md", "batching.config", "docker-compose.yml", "models.config"),
    ]
    assert versions.numbers(base) == [1]
