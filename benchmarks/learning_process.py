"""The process of `learning.py`: a network that learns, and is measured, when it is asked to.

The first line of standard input is JSON with the network and its files. Then `train N` trains on
part N and answers with the seconds, and `measure` answers with the accuracy.
"""

import json
import sys
import time

import numpy as np
from process import answering


def main():
    answer = answering()
    given = json.loads(sys.stdin.readline())
    from baselines import make
    from documents import read
    from sizes import Sizes

    network = make(given["baseline"], Sizes(**given["sizes"]), **given["options"])
    held_out = [(network.prepare(batch), batch.labels) for batch in read(given["held_out"])]
    # Tracing and compilation are not timed, as in the other tables. The extra step is one of
    # hundreds, and the same for all.
    network.train(network.prepare(read(given["parts"][0])[0]))
    answer("ready")
    for line in sys.stdin:
        task, _, number = line.strip().partition(" ")
        if task == "train":
            prepared = [network.prepare(batch) for batch in read(given["parts"][int(number)])]
            start = time.perf_counter()
            for batch in prepared:
                network.train(batch)
            answer(time.perf_counter() - start)
        else:
            right = [network.predict(batch).argmax(-1) == labels for batch, labels in held_out]
            answer(float(np.concatenate(right).mean()))


if __name__ == "__main__":
    main()
