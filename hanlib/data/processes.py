"""Runs a function on many items in several processes; the result is that of one process."""

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures.process import BrokenProcessPool

from hanlib.data.corpus import DataError

# Seconds between two reports of progress.
_PAUSE = 0.5
# In place of the number of documents done: all processes are to end.
_STOP = -1


def map_in_processes(function, items, jobs=1, progress=None):
    """The results of a function, in the order of the items, whatever the number of processes.

    The processes are started anew ("spawn"), so a script that calls this with several jobs needs
    `if __name__ == "__main__":`. They use one thread of TensorFlow each and no GPU, and they end
    when this process does.

    Args:
        function: `function(item, report)`, which calls `report(n)` when it has done n more
            documents. With several jobs, function, items and results must be picklable.
        items: Iterable of items.
        jobs: Number of processes; 1: this process.
        progress: Function that is called with the number of documents done, or None.

    Raises:
        DataError: A process ended, for example for lack of memory.

    >>> map_in_processes(lambda item, report: item + 1, [1, 2])
    [2, 3]
    """
    items, progress = list(items), progress or (lambda done: None)
    if min(jobs, len(items)) < 2:
        return _map_here(function, items, progress)
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    pool = concurrent.futures.ProcessPoolExecutor(
        min(jobs, len(items)), mp_context=context, initializer=_start, initargs=(done,)
    )
    try:
        futures = [pool.submit(_call, function, item) for item in items]
        left, told = set(futures), 0
        while left:
            finished, left = concurrent.futures.wait(
                left, _PAUSE, return_when=concurrent.futures.FIRST_EXCEPTION
            )
            for future in finished:
                future.result()
            if done.value > told:
                told = done.value
                progress(told)
        return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise DataError(
            "a process that reads the data ended, perhaps for lack of memory: use fewer `jobs`"
        ) from error
    finally:
        # The processes that still run, after an error or Ctrl-C, end at their next report.
        done.value = _STOP
        pool.shutdown(cancel_futures=True)


def _map_here(function, items, progress):
    done = 0

    def report(number):
        nonlocal done
        done += number
        progress(done)

    return [function(item, report) for item in items]


def _start(done):
    """Prepares a new process; `done` counts the documents of all processes."""
    global _done
    _done = done
    os.environ.update(
        CUDA_VISIBLE_DEVICES="-1",
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_NUM_INTRAOP_THREADS="1",
        TF_NUM_INTEROP_THREADS="1",
    )
    # Errors are raised in the parent; the rest is noise of TensorFlow.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # Ctrl-C ends the parent, and with it this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _call(function, item):
    return function(item, _report)


def _report(number):
    with _done.get_lock():
        if _done.value == _STOP:
            os._exit(1)
        _done.value += number
