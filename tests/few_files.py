"""A process that may open few files, as after `ulimit -n 64`."""

import contextlib
import os
import resource


@contextlib.contextmanager
def few_open_files(more):
    """Lets this process have `more` files open beside those that it has now."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = []
    with contextlib.suppress(OSError):  # Numbers that are free below the highest one in use.
        highest = max(map(int, os.listdir("/proc/self/fd")))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
        while True:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + more, before[1]))
        assert _can_open(more)
        assert not _can_open(more + 1)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for number in opened:
            os.close(number)


def _can_open(count):
    found = []
    try:
        for _ in range(count):
            found.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    finally:
        for number in found:
            os.close(number)
    return True
