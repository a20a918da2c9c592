"""Retries with exponential backoff."""

import random
from time import sleep

from hanlib.serving.client.errors import ServingError

FIRST_WAIT, LONGEST_WAIT = 0.25, 30.0


def waiting_time(attempt, asked=None):
    """Seconds to wait before the attempt after `attempt` = 0, 1, ...

        wait = max(asked, U(1/2, 1) * min(30, 0.25 * 2^attempt))

    Half of it is random, so that clients that failed together do not retry together.

    >>> 0.5 <= waiting_time(2) <= 1.0
    True
    >>> waiting_time(0, asked=7)
    7
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
    wait = longest * random.uniform(0.5, 1)
    return max(wait, asked or 0)


def with_retries(call, retries):
    """Returns `call()`, which is retried up to `retries` times after a transient `ServingError`.

    If the server asks for a wait of more than 30 s, its error is raised at once.

    >>> with_retries(lambda: "answer", retries=3)
    'answer'
    """
    for attempt in range(retries + 1):
        try:
            return call()
        except ServingError as error:
            too_long = error.wait is not None and error.wait > LONGEST_WAIT
            if not error.transient or too_long or attempt == retries:
                raise
            sleep(waiting_time(attempt, error.wait))
    raise AssertionError("unreachable: the last attempt returns or raises")
