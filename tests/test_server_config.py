"""The configurations for TensorFlow Serving avoid the settings that fail there."""

import re

from hanlib.serving import server_config


def test_batches_are_large_and_never_split():
    text = server_config.batching_config()
    assert int(re.search(r"max_batch_size { value: (\d+) }", text)[1]) >= 1024
    assert "enable_large_batch_splitting" not in text


def test_stable_stays_loaded_while_a_new_version_rolls_forward():
    before = server_config.models_config("m", "/models/m", [1, 2])
    stable = int(re.search(r"key: 'stable' value: (\d+)", before)[1])
    kept = int(re.search(r"num_versions: (\d+)", before)[1])
    assert stable in [1, 2, 3][-kept:]  # Version 3 is there, and the file not read again yet.


def test_labels_may_name_versions_that_are_not_loaded_yet():
    text = server_config.compose_file("m")
    assert "--allow_version_labels_for_unavailable_models=true" in text
