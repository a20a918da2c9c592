"""What a part of a program costs: processor time and memory."""

import contextlib
import ctypes
import gc
import re
import time
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class RunCost:
    """Measures the processor time and the peak memory of a `with` block, in this process.

    The processor time is the sum over all cores. Unlike the time on the clock, it hardly depends on
    what else the machine does. The peak memory is the resident memory at its highest, minus that at
    the start of the block, as the kernel of Linux counts it. Memory that was freed earlier is given
    back to the system first, so that it does not hide what the block needs.

    Attributes:
        cpu_seconds: The processor time, after the block.
        peak_memory: The peak in bytes, after the block; None on systems that do not count it.

    >>> with RunCost() as cost:
    ...     block = bytearray(50_000_000)
    >>> cost.cpu_seconds >= 0, cost.peak_memory is None or cost.peak_memory > 40_000_000
    (True, True)
    """

    def __init__(self):
        self.cpu_seconds = self.peak_memory = self._resident = None

    def __enter__(self):
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
        with contextlib.suppress(OSError):
            # The peak is set to the present memory; see `man 5 proc_pid_clear_refs`.
            _CLEAR.write_text("5")
            self._resident = _status("VmRSS")
        self._began = time.process_time()
        return self

    def __exit__(self, *error):
        self.cpu_seconds = time.process_time() - self._began
        if self._resident is not None:
            self.peak_memory = max(_status("VmHWM") - self._resident, 0)


def _status(name):
    """A size from the status of this process, in bytes."""
    return 1024 * int(re.search(rf"{name}:\s*(\d+) kB", _STATUS.read_text())[1])
