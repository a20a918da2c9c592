"""Configuration files for TensorFlow Serving: models, batching, and Docker Compose."""

import re
from pathlib import Path

# The newest official image known to exist. The export needs no newer operation.
IMAGE = "tensorflow/serving:2.19.1"


def model_name(base):
    """The name of a model: that of its folder, with special characters replaced.

    >>> model_name("exported/my reviews")
    'my_reviews'
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", Path(base).absolute().name).strip(".") or "model"


def models_config(name, base_path, versions):
    """`models.config`: serves the three newest versions; the newest two are `canary` and `stable`.

    The third version is needed between an export and the next time the server reads this file:
    until then, `stable` is the third newest version.

    Args:
        name: The model's name.
        base_path: The absolute path of the folder of versions on the server.
        versions: The numbers of all versions.

    >>> print(models_config("reviews", "/models/reviews", [1, 2, 3]))
    model_config_list {
      config {
        name: 'reviews'
        base_path: '/models/reviews'
        model_platform: 'tensorflow'
        model_version_policy { latest { num_versions: 3 } }
        version_labels { key: 'canary' value: 3 }
        version_labels { key: 'stable' value: 2 }
      }
    }
    <BLANKLINE>
    """
    newest = sorted(versions)[-2:]
    return f"""model_config_list {{
  config {{
    name: {_quoted(name)}
    base_path: {_quoted(base_path)}
    model_platform: 'tensorflow'
    model_version_policy {{ latest {{ num_versions: 3 }} }}
    version_labels {{ key: 'canary' value: {newest[-1]} }}
    version_labels {{ key: 'stable' value: {newest[0]} }}
  }}
}}
"""


def batching_config(threads=2):
    """`batching.config`: joins requests that arrive within 2 ms of each other.

    TensorFlow Serving rejects requests with more documents than `max_batch_size`. The setting that
    splits them, `enable_large_batch_splitting`, must not be used: the server then concatenates
    padded outputs of `explain` with different widths without a check, and returns wrong values.
    `allowed_batch_sizes` is not set: it pads batches with copies of documents, which helps only
    models that are compiled for each size.

    Args:
        threads: Number of batches that run in parallel, ideally one per core of the server.

    >>> print(batching_config().splitlines()[0])
    max_batch_size { value: 1024 }
    """
    return f"""max_batch_size {{ value: 1024 }}
batch_timeout_micros {{ value: 2000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: {threads} }}
"""


def compose_file(name):
    """`docker-compose.yml` for the official image, to be started in the folder of the model.

    >>> "reviews" in compose_file("reviews")
    True
    """
    folder = f"/models/{name}"
    return f"""services:
  {_service(name)}:
    image: {IMAGE}
    restart: unless-stopped
    ports:
      - "127.0.0.1:8500:8500" # gRPC
      - "127.0.0.1:8501:8501" # REST
    volumes:
      - ".:{folder}:ro"
    command:
      - "--model_config_file={folder}/models.config"
      - "--model_config_file_poll_wait_seconds=10"
      - "--allow_version_labels_for_unavailable_models=true"
      - "--enable_batching=true"
      - "--batching_parameters_file={folder}/batching.config"
"""


def _service(name):
    return re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or "model"


def _quoted(text):
    """A string in protobuf's text format."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
