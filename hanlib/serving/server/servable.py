"""One version of a model: a SavedModel, its signatures, and what clients may know of it."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from hanlib.serving.server.requests import shape_text
from hanlib.serving.server.status import StatusError, from_tensorflow, invalid

DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A loaded SavedModel.

    Args:
        directory: The version's folder.

    Raises:
        Exception: Whatever TensorFlow raises where it cannot be loaded.
    """

    def __init__(self, directory):
        self._definitions = _definitions(directory)
        # Kept, because the signatures do not keep its tables and variables alive.
        self._model = tf.saved_model.load(str(directory))
        self.signatures = {
            name: Signature(name, definition, self._model.signatures[name])
            for name, definition in self._definitions.items()
            if name in self._model.signatures
        }

    def inputs(self, name):
        """`{input: dtype name}` of a signature.

        Raises:
            StatusError: INVALID_ARGUMENT: there is none of this name.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self._definitions:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        signature = self.signatures.get(name)
        return {} if signature is None else signature.inputs

    def method_name(self, name):
        """What a signature is for, such as `tensorflow/serving/predict`."""
        self.inputs(name)
        return self._definitions[name or DEFAULT_SIGNATURE].method_name

    def metadata(self, model, version):
        """The body of the answer to `/metadata`."""
        spec = {"name": model, "signature_name": "", "version": str(version)}
        names = sorted(self._definitions)
        signatures = {name: _as_dict(self._definitions[name]) for name in names}
        spec, definitions = (
            json.dumps(part, indent=1, ensure_ascii=False)
            for part in (spec, {"signature_def": signatures})
        )
        return (
            f'{{\n"model_spec":{spec}\n,\n"metadata": {{"signature_def": {definitions}\n}}\n}}\n'
        ).encode()


class Signature:
    """A signature of a SavedModel.

    Attributes:
        inputs: `{name: dtype name}`.
        batchable: Every input and every output has the documents first, as far as it is known.
    """

    def __init__(self, name, definition, function):
        self.name, self._function = name, function
        specs = function.structured_input_signature[1]
        self._shapes = {key: specs[key].shape for key in sorted(definition.inputs)}
        self.inputs = {key: specs[key].dtype.name for key in self._shapes}
        shapes = [*self._shapes.values(), *(o.shape for o in _outputs(function).values())]
        self.batchable = bool(self.inputs) and all(_has_batch(shape) for shape in shapes)

    def check(self, inputs):
        """Refuses inputs that the signature cannot take.

        Raises:
            StatusError: INVALID_ARGUMENT.
        """
        if set(inputs) != set(self.inputs):
            raise _wrong_names(set(inputs), set(self.inputs))
        for name, array in inputs.items():
            if not self._shapes[name].is_compatible_with(array.shape):
                given = shape_text(array.shape)
                expected = shape_text(self._shapes[name].as_list())
                raise invalid(f"Tensor name: {name} has shape: {given} expecting: {expected}")

    def size(self, inputs):
        """How many documents the inputs hold, or None where they cannot be joined with others."""
        if not self.batchable:
            return None
        sizes = {len(array) for array in inputs.values()}
        size = sizes.pop()
        return size if size and not sizes else None

    def __call__(self, inputs):
        """`{name: array}` -> `{name: array}`, outputs in the order of their names.

        Raises:
            StatusError: What TensorFlow says.
        """
        try:
            tensors = {name: tf.constant(array) for name, array in inputs.items()}
            outputs = self._function(**tensors)
            return {name: np.asarray(outputs[name].numpy()) for name in sorted(outputs)}
        except tf.errors.OpError as error:
            raise from_tensorflow(error) from error
        except (TypeError, ValueError) as error:
            raise StatusError("INTERNAL", " ".join(str(error).split())) from error


def _wrong_names(given, wanted):
    texts = (",".join(sorted(names)) for names in (given, wanted, given - wanted, wanted - given))
    return invalid(
        "input size does not match signature: {}!={} len({{{}}}) != len({{{}}}). "
        "Sent extra: {{{}}}. Missing but required: {{{}}}.".format(len(given), len(wanted), *texts)
    )


def _has_batch(shape):
    return shape.rank is not None and shape.rank >= 1 and shape[0] is None


def _outputs(function):
    return function.structured_outputs


def _definitions(directory):
    """The signature definitions of the graph that is served."""
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
