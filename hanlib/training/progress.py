"""Progress of long jobs: a progress bar on a terminal, periodic lines in a log."""

import sys
import time


class ProgressLine:
    """Writes progress to a stream: a progress bar (with rich) on a terminal, else periodic lines.

    An instance can be passed as `progress` to `hanlib.training.train`.

    Args:
        stream: where to write; None for standard error.
        terminal: whether the stream is a terminal; None to ask the stream.
        interval: minimum seconds between two updates; None for 0.2 on a terminal and 15 elsewhere.
        clock: function that returns the time in seconds.

    >>> import io
    >>> stream = io.StringIO()
    >>> progress = ProgressLine(stream, clock=iter(range(0, 100, 20)).__next__)
    >>> progress("tokenizing", 0, 200)
    >>> progress("tokenizing", 100, 200, loss=0.5)
    >>> print(stream.getvalue().splitlines()[-1])
    tokenizing: 100/200 documents, 5/s, loss 0.500, 20 s left
    """

    def __init__(self, stream=None, terminal=None, interval=None, clock=time.monotonic):
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty() if terminal is None else terminal
        self.interval = (0.2 if self.terminal else 15) if interval is None else interval
        self.clock = clock
        self._phase, self._live = None, None

    def __call__(self, phase, done, total=None, left=None, **numbers):
        """Reports the state of a phase.

        Args:
            phase: what is being done, such as "tokenizing" or "epoch 2/5".
            done: documents done in this phase.
            total: total number of documents, or None if unknown.
            left: estimated remaining seconds; None to estimate them from the speed of this phase.
            **numbers: other numbers to show, by name.
        """
        now = self.clock()
        if phase != self._phase:
            self.close()
            self._phase, self._start, self._first, self._last = phase, now, done, None
        final = total is not None and done >= total
        # In a log, phases shorter than the interval are not shown.
        if self._last is None and not self.terminal:
            self._last = now
            return
        waited = self._last is None or now - self._last >= self.interval
        if waited or (final and (self.terminal or now - self._start >= self.interval)):
            self._last = now
            parts = self._parts(now, done, total, left)
            shown = [f"{name.replace('_', ' ')} {value:.3f}" for name, value in numbers.items()]
            if self.terminal:
                self._draw(_bar(phase, done, total, parts, shown))
            else:
                # The remaining time comes last.
                ahead = [part for part in parts if part.endswith(" left")]
                parts = [*(part for part in parts if part not in ahead), *shown, *ahead]
                self._write_line(f"{phase}: {', '.join(parts)}")

    def stage(self, text):
        """Shows a stage without a count, such as loading TensorFlow."""
        self.close()
        if self.terminal:
            self._draw(f"{text} …", transient=True)
        else:
            self._write_line(text)

    def note(self, text):
        """Writes a permanent line."""
        self._end_drawing()
        self._write_line(text)

    def close(self):
        """Ends the current phase."""
        self._end_drawing()
        self._phase = None

    def _end_drawing(self):
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _parts(self, now, done, total, left):
        """Count, speed and remaining time as text."""
        parts = [f"{done:,}/{total:,} documents" if total else f"{done:,} documents"]
        speed = (done - self._first) / max(now - self._start, 1e-6)
        if done > self._first:
            parts.append(f"{speed:,.0f}/s")
            if left is None and total is not None and total > done:
                left = (total - done) / speed
        return parts if left is None else [*parts, f"{duration(left)} left"]

    def _draw(self, renderable, transient=False):
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            # Without a refresh thread, because TensorFlow writes to standard error as well.
            self._live = Live(
                console=Console(file=self.stream, force_terminal=True, highlight=False),
                auto_refresh=False,
                transient=transient,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            # After Ctrl-C it would stay hidden.
            self._live.console.show_cursor(True)
        self._live.update(renderable, refresh=True)

    def _write_line(self, text):
        self.stream.write(f"{text}\n")
        self.stream.flush()


def _bar(phase, done, total, parts, numbers):
    """A progress bar with its count, and the numbers below it; wraps on narrow terminals."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 2))
    cells = [Text(phase), *map(Text, parts)]
    if total:
        cells.insert(1, ProgressBar(total=total, completed=done, width=16))
    line.add_row(*cells)
    return Group(line, Text(f"  {', '.join(numbers)}")) if numbers else line


def duration(seconds):
    """Formats a duration in seconds.

    >>> duration(41), duration(200), duration(7300)
    ('41 s', '3 min 20 s', '2 h 1 min')
    """
    seconds = max(round(seconds), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def silent(phase, done, total=None, left=None, **numbers):
    """A `progress` function without output."""


silent.stage = lambda text: None
silent.note = lambda text: None
silent.close = lambda: None


class Prefixed:
    """A progress function whose lines begin with the name of a part of the run."""

    def __init__(self, progress, name):
        self._progress, self._name = progress, name

    def __call__(self, phase, *state, **numbers):
        self._progress(f"{self._name}: {phase}", *state, **numbers)

    def stage(self, text):
        self._progress.stage(f"{self._name}: {text}")

    def note(self, text):
        self._progress.note(f"{self._name}: {text}")

    def close(self):
        self._progress.close()
