"""Options for training on several devices or several workers."""

import re

from hanlib.cli import options
from hanlib.cli.errors import UsageError


def add_options(parser):
    """Adds --workers, --worker-index, --worker-wait and --devices."""
    group = parser.add_argument_group(
        "several machines or devices", "the documents of every step are shared by all of them"
    )
    group.add_argument(
        "--workers",
        metavar="HOST:PORT,...",
        help="addresses of all workers, of which the first writes the model; start the same "
        "command on each with its --worker-index (or set TF_CONFIG)",
    )
    options.add_number(group, "--worker-index", "this worker, from 0", metavar="I")
    text = "how long to wait for the other workers"
    options.add_number(group, "--worker-wait", text, 300, metavar="SECONDS")
    group.add_argument(
        "--devices", metavar="NAME,...", help="devices of this machine, such as GPU:0,GPU:1"
    )


def cluster(arguments):
    """The `Cluster` of the options or of TF_CONFIG, or None; checks all options of this file."""
    from hanlib.training.cluster import Cluster

    if (arguments.workers is None) != (arguments.worker_index is None):
        raise UsageError("--workers and --worker-index must be given together")
    if arguments.workers is not None:
        found = Cluster.parse(arguments.workers, arguments.worker_index)
    else:
        found = Cluster.from_environment()
    if arguments.devices is not None:
        if found is not None:
            raise UsageError("--devices cannot be given for several workers")
        _device_names(arguments)
    return found


def strategy(arguments, cluster):
    """The `tf.distribute.Strategy` of the options; None for one device."""
    if cluster is not None:
        return cluster.strategy(arguments.worker_wait)
    return None if arguments.devices is None else _mirrored(_device_names(arguments))


def _device_names(arguments):
    names = [name.strip().upper() for name in arguments.devices.split(",")]
    if not all(re.fullmatch(r"(CPU|GPU):\d+", name) for name in names) or len({*names}) < len(
        names
    ):
        raise UsageError(
            f"--devices must be different names such as GPU:0,GPU:1. Received: {arguments.devices}"
        )
    return names


def _mirrored(names):
    import tensorflow as tf

    processors = [int(name.partition(":")[2]) for name in names if name.startswith("CPU")]
    if processors and max(processors) < 64:
        # TensorFlow has one CPU device, which can be divided to try things out.
        (cpu,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * (max(processors) + 1)
        tf.config.set_logical_device_configuration(cpu, parts)
    existing = [device.name.removeprefix("/device:") for device in tf.config.list_logical_devices()]
    missing = [name for name in names if name not in existing]
    if missing:
        raise UsageError(
            f"--devices: there is no {', '.join(missing)} here, only {', '.join(existing)}"
        )
    return tf.distribute.MirroredStrategy(names)
