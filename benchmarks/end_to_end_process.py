"""The process that `end_to_end.py` measures: TensorFlow and a SavedModel, no hanlib."""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
SIZES = (1, 8, 64)


def main(model, texts, signature, calls):
    import numpy as np
    import tensorflow as tf

    serve = tf.saved_model.load(model).signatures[signature]
    with open(texts, encoding="utf-8") as file:
        texts = json.load(file)
    rows = []
    for size in SIZES:
        # Fewer of the large calls, to limit the total time.
        count = max(int(calls) // (1 if size < 64 else 4), 5)
        batches = [[texts[(k * size + i) % len(texts)] for i in range(size)] for k in range(count)]
        seconds = []
        for batch in batches[:5] + batches:
            start = time.perf_counter()
            serve(text=tf.constant(batch))["probabilities"].numpy()
            seconds.append(time.perf_counter() - start)
        seconds = np.array(seconds[5:])
        rows.append(
            {
                "documents a call": size,
                "documents/s": size * len(seconds) / seconds.sum(),
                "p50, ms": 1e3 * np.quantile(seconds, 0.5),
                "p95, ms": 1e3 * np.quantile(seconds, 0.95),
                "calls": len(seconds),
            }
        )
    if any(name.partition(".")[0] == "hanlib" for name in sys.modules):
        raise RuntimeError("hanlib was imported: this is to run with TensorFlow alone")
    print(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
