"""What a step of the packed loop costs, beside its arithmetic.

    python benchmarks/loop_overhead.py

A bidirectional GRU runs over rows of equal length, with few and with many steps; the difference
divided by the number of steps is the time of one step. With one row and one unit there is no
arithmetic to speak of: that is the overhead. The first row is an empty `tf.while_loop`. The other
sizes are those of the upper and the lower level at the first steps of a batch.
"""

import argparse
import sys

import limit
import report

SHORT, LONG = 20, 120
# Rows and units.
SHAPES = {"one row, one unit": (1, 1), "60 rows of 50 units": (60, 50)}
SHAPES["800 rows of 50 units"] = (800, 50)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="rounds (default: 10)")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.cli.threads import share_cores

    share_cores()
    start_tensorflow()
    # One loop after the other: a small one would wait until the memory of a large one is released.
    loops = [empty_loops(), *(recurrences(name, *shape) for name, shape in SHAPES.items())]
    seconds = {}
    for jobs in loops:
        seconds |= limit.in_turns(jobs, arguments.rounds)
    setting = {"loops": f"of {SHORT} and of {LONG} steps", "rounds": arguments.rounds}
    setting["cell"] = "GRU in both directions, which run in parallel"
    report.publish("loop_overhead", setting, [("A step", rows_of(seconds))], arguments)


def empty_loops():
    """The jobs of a loop that only counts, in more steps, since each takes microseconds."""
    import tensorflow as tf

    @tf.function
    def run(count):
        return tf.while_loop(lambda i: i < count, lambda i: (i + 1,), [tf.constant(0)])[0]

    counts = [tf.constant(steps) for steps in (SHORT, 100 * LONG)]
    name = "an empty `tf.while_loop`"
    return {(name, "forward", int(n)): lambda n=n: run(n).numpy() for n in counts}


def recurrences(name, rows, units):
    """The jobs of a row of the table, by its name, its column and their steps."""
    forward, with_gradient = recurrence(units)
    jobs = {}
    for steps in (SHORT, LONG):
        given = inputs(rows, steps, units)
        jobs[name, "forward", steps] = lambda given=given: forward(*given).numpy()
        jobs[name, "with gradient", steps] = lambda given=given: with_gradient(*given).numpy()
    return jobs


def recurrence(units):
    """The recurrence as two functions that return one number: forward, and with its gradient."""
    import tensorflow as tf

    from hanlib.layers import RecurrentEncoder
    from hanlib.ops.packing import pack

    encoder = RecurrentEncoder("gru", units=units)
    encoder.build([None, None, units])

    def run(values, lengths, index):
        return encoder.encode(values, pack(lengths), index)

    def with_gradient(values, *rows):
        with tf.GradientTape() as tape:
            tape.watch(values)
            states = run(values, *rows)
        return tape.gradient(states, values)[0, 0]

    forward = tf.function(lambda *given: run(*given)[0, 0], reduce_retracing=True)
    return forward, tf.function(with_gradient, reduce_retracing=True)


def inputs(rows, steps, units):
    """Equal words, so that their input product costs nothing."""
    import tensorflow as tf

    lengths = tf.fill([rows], steps)
    return tf.ones([1, units]), lengths, tf.zeros([rows * steps], tf.int32)


def rows_of(seconds):
    """Microseconds per step, from the shortest times, which other load disturbs least."""
    least, found = {}, {}
    for (name, kind, steps), times in seconds.items():
        least.setdefault((name, kind), {})[steps] = min(times)
    for (name, kind), (short, long) in least.items():
        took = (least[name, kind][long] - least[name, kind][short]) / (long - short)
        row = found.setdefault(name, {"loop": name, "forward, µs": None})
        row |= {f"{kind}, µs": 1e6 * took}
    return [{**row, "with gradient, µs": row.get("with gradient, µs")} for row in found.values()]


if __name__ == "__main__":
    sys.exit(main())
