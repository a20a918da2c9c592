"""What an exported model takes and returns, read from its file without loading it."""

from pathlib import Path

_OF_ITEMS = {"items", "labels", "probabilities", "counts", "classes"}


def default_signature(path):
    """The names of the inputs and outputs of `serving_default`.

    Args:
        path: The folder of a SavedModel.

    Returns:
        Two sets; both are empty if the file cannot be read, which is reported when it is loaded.

    >>> default_signature("nowhere")
    (set(), set())
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(Path(path, "saved_model.pb").read_bytes())
    except (OSError, DecodeError):
        return set(), set()
    for graph in saved.meta_graphs:
        if "serving_default" in graph.signature_def:
            signature = graph.signature_def["serving_default"]
            return set(signature.inputs), set(signature.outputs)
    return set(), set()


def labels_items(path):
    """Whether an export labels sentences or words.

    >>> labels_items("nowhere")
    False
    """
    return default_signature(path)[1] >= _OF_ITEMS
