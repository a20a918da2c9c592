"""One line that says how far a job is, rewritten in place on a terminal."""

import shutil
import sys
import time


class ProgressLine:
    """Writes progress to a stream: in place on a terminal, else a line now and then.

    It is the `progress` of `hanlib.training.train`.

    Args:
        stream: where to write; None: standard error.
        terminal: whether the line can be rewritten in place; None: asks the stream.
        interval: seconds between two lines; None: 0.2 on a terminal, 15 elsewhere.
        clock: function that gives the time in seconds.

    >>> import io
    >>> stream = io.StringIO()
    >>> progress = ProgressLine(stream, clock=iter(range(0, 100, 20)).__next__)
    >>> progress("tokenising", 0, 200)
    >>> progress("tokenising", 100, 200, loss=0.5)
    >>> print(stream.getvalue().splitlines()[-1])
    tokenising: 100/200 documents, 5/s, loss 0.500, 20 s left
    """

    def __init__(self, stream=None, terminal=None, interval=None, clock=time.monotonic):
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty() if terminal is None else terminal
        self.interval = (0.2 if self.terminal else 15) if interval is None else interval
        self.clock = clock
        self._phase, self._open = None, False

    def __call__(self, phase, done, total=None, left=None, **figures):
        """Reports one state.

        Args:
            phase: what is being done, such as "tokenising" or "epoch 2/5".
            done: documents done in this phase.
            total: documents of this phase, or None where it is not known.
            left: estimate of the seconds left; None: from the speed of this phase.
            **figures: further numbers to show, by name.
        """
        now = self.clock()
        if phase != self._phase:
            self._end_line()
            self._phase, self._start, self._first, self._last = phase, now, done, None
        final = total is not None and done >= total
        # In a log, a phase shorter than the interval needs no line.
        if self._last is None and not self.terminal:
            self._last = now
            return
        waited = self._last is None or now - self._last >= self.interval
        if waited or (final and (self.terminal or now - self._start >= self.interval)):
            self._last = now
            self._write(self._line(now, done, total, left, figures))

    def note(self, text):
        """Writes a line that stays."""
        self._end_line()
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def close(self):
        """Ends the line."""
        self._end_line()

    def _line(self, now, done, total, left, figures):
        parts = [f"{done:,}/{total:,} documents" if total else f"{done:,} documents"]
        speed = (done - self._first) / max(now - self._start, 1e-6)
        if done > self._first:
            parts.append(f"{speed:,.0f}/s")
            if left is None and total is not None and total > done:
                left = (total - done) / speed
        parts += [f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items()]
        if left is not None:
            parts.append(f"{duration(left)} left")
        return f"{self._phase}: {', '.join(parts)}"

    def _write(self, line):
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\x1b[K{line[:width]}")
            self._open = True
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def _end_line(self):
        if self._open:
            self.stream.write("\n")
            self._open = False


def duration(seconds):
    """Seconds in words.

    >>> duration(41), duration(200), duration(7300)
    ('41 s', '3 min 20 s', '2 h 1 min')
    """
    seconds = max(round(seconds), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def silent(phase, done, total=None, left=None, **figures):
    """The `progress` that says nothing."""


silent.note = lambda text: None
silent.close = lambda: None
