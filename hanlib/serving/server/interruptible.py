"""Runs functions of a SavedModel so that another thread can cancel them.

TensorFlow's `CancellationManager` stops a run between two operations, for instance at the next step
of a loop. An operation that has started, such as a regular expression over the whole text, is
completed first. TensorFlow's context manager for cancellation is shared by all threads, so the
manager of each run is passed explicitly here.
"""

from tensorflow.python.eager import context, execute
from tensorflow.python.eager.cancellation import CancellationManager


class Cancellation:
    """Runs functions one after another, and cancels them."""

    def __init__(self):
        self._cancelled, self._manager = False, None

    def cancel(self):
        """Cancels the current run and all later ones, without waiting. It is thread-safe."""
        self._cancelled = True
        if self._manager is not None:
            self._manager.start_cancel()

    def run(self, function, tensors):
        """Calls a `ConcreteFunction` with `{name: tensor}` and returns its structured outputs.

        Raises:
            tf.errors.CancelledError: If `cancel` was called.
        """
        # A new manager for each run, since a failed run leaves its manager cancelled.
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
