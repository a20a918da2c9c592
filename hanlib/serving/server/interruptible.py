"""Runs of a SavedModel's function that another thread can stop.

TensorFlow's `CancellationManager` stops a run between two operations, so at the next step of a
loop. An operation that has begun, such as one matrix product or one regular expression over the
whole text, ends first. TensorFlow's own context manager for it is one variable for all threads
(`tensorflow.python.eager.cancellation`); each run here passes its manager explicitly.
"""

from tensorflow.python.eager import context, execute
from tensorflow.python.eager.cancellation import CancellationManager


class Cancellation:
    """Stops runs, which follow one another in one thread."""

    def __init__(self):
        self._cancelled, self._manager = False, None

    def cancel(self):
        """Stops the current run and all later ones. Any thread may call it; it does not wait."""
        self._cancelled = True
        if self._manager is not None:
            self._manager.start_cancel()

    def run(self, function, tensors):
        """Calls a `ConcreteFunction` with `{name: tensor}` and returns its structured outputs.

        Raises:
            tf.errors.CancelledError: `cancel` was called.
        """
        # One manager a run: a run that fails leaves its manager cancelled.
        self._manager = manager = CancellationManager()
        if self._cancelled:
            manager.start_cancel()
        signature = function.function_type
        bound = signature.bind(**tensors)
        runtime = context.context()
        options = runtime.function_call_options.as_attrs()
        outputs = execute.execute_with_cancellation(
            function._inference_function.name.decode(),
            num_outputs=len(signature.flat_outputs),
            inputs=[*signature.unpack_inputs(bound), *function.captured_inputs],
            attrs=tuple(part for pair in options.items() for part in pair),
            ctx=runtime,
            cancellation_manager=manager,
        )
        return signature.pack_output(outputs)
