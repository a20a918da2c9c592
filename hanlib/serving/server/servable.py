"""A version of a model: the SavedModel, its signatures and metadata."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from hanlib.serving.server.interruptible import Cancellation
from hanlib.serving.server.status import StatusError, from_tensorflow, invalid

DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A loaded SavedModel.

    Args:
        directory: The folder of the version.

    Raises:
        Exception: If it cannot be loaded; TensorFlow raises different types.
    """

    def __init__(self, directory):
        self._definitions = _definitions(directory)
        # Keeps its tables and variables alive, which the signatures do not.
        self._model = tf.saved_model.load(str(directory))
        self.signatures = {
            name: Signature(name, definition, self._model.signatures[name])
            for name, definition in self._definitions.items()
            if name in self._model.signatures
        }

    def inputs(self, name):
        """`{input: dtype name}` of a signature.

        Raises:
            StatusError: INVALID_ARGUMENT if there is no signature of this name.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name].inputs

    def metadata(self, model, version):
        """The body of the response to `/metadata`."""
        names = sorted(self._definitions)
        signatures = {name: _as_dict(self._definitions[name]) for name in names}
        body = {
            "model_spec": {"name": model, "version": str(version), "signature_name": ""},
            "metadata": {"signature_def": {"signature_def": signatures}},
        }
        return json.dumps(body, indent=1).encode()


class Signature:
    """A signature of a SavedModel.

    Attributes:
        inputs: `{name: dtype name}`.
        batchable: Whether the first axis of every input and output is the batch axis, as far as
            known.
    """

    def __init__(self, name, definition, function):
        self.name, self._function = name, function
        specs = function.structured_input_signature[1]
        self._shapes = {key: specs[key].shape for key in sorted(definition.inputs)}
        self.inputs = {key: specs[key].dtype.name for key in self._shapes}
        shapes = [*self._shapes.values(), *(o.shape for o in _outputs(function).values())]
        self.batchable = bool(self.inputs) and all(_has_batch(shape) for shape in shapes)

    def check(self, inputs):
        """Checks the names and shapes of inputs.

        Raises:
            StatusError: INVALID_ARGUMENT.
        """
        if set(inputs) != set(self.inputs):
            raise invalid(
                f"Signature `{self.name}` has the inputs {sorted(self.inputs)}. "
                f"Received: {sorted(inputs)}"
            )
        for name, array in inputs.items():
            if not self._shapes[name].is_compatible_with(array.shape):
                expected = [-1 if size is None else size for size in self._shapes[name].as_list()]
                raise invalid(
                    f"`{name}` must have the shape {expected}, where -1 is any size. "
                    f"Received: {list(array.shape)}"
                )

    def size(self, inputs):
        """The number of documents, or None if the request cannot be joined with others."""
        if not self.batchable:
            return None
        sizes = {len(array) for array in inputs.values()}
        size = sizes.pop()
        return size if size and not sizes else None

    def __call__(self, inputs, cancellation=None):
        """`{name: array}` -> `{name: array}`, outputs in the order of their names.

        Args:
            inputs: Inputs that `check` accepts.
            cancellation: A `Cancellation` that can stop the run.

        Raises:
            StatusError: If TensorFlow raises an error.
        """
        cancellation = cancellation or Cancellation()
        try:
            tensors = {name: tf.constant(array) for name, array in inputs.items()}
            outputs = cancellation.run(self._function, tensors)
            return {name: _as_array(outputs[name]) for name in sorted(outputs)}
        except tf.errors.OpError as error:
            raise from_tensorflow(error) from error
        except (TypeError, ValueError) as error:
            raise StatusError("INTERNAL", " ".join(str(error).split())) from error


def _as_array(tensor):
    """A tensor as an array; strings become an array of objects, also for a scalar."""
    return np.asarray(tensor.numpy(), object if tensor.dtype == tf.string else None)


def _has_batch(shape):
    return shape.rank is not None and shape.rank >= 1 and shape[0] is None


def _outputs(function):
    return function.structured_outputs


def _definitions(directory):
    """`{name: SignatureDef}` of the graph with the tag `serve`."""
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((Path(directory) / "saved_model.pb").read_bytes())
    graph = next((g for g in saved.meta_graphs if "serve" in g.meta_info_def.tags), None)
    if graph is None:
        raise ValueError("the SavedModel has no graph with the tag `serve`")
    return dict(graph.signature_def)


def _as_dict(definition):
    return json_format.MessageToDict(
        definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
