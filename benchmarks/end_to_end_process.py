"""The process that `end_to_end.py` measures: TensorFlow and a SavedModel, no hanlib."""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
SIZES = (1, 8, 64)


def main(texts, signature, calls, *folders):
    """Prints the rows of each model; the models answer every batch in turn."""
    import numpy as np
    import tensorflow as tf

    models = [tf.saved_model.load(folder) for folder in folders]
    serve = [model.signatures[signature] for model in models]
    with open(texts, encoding="utf-8") as file:
        texts = json.load(file)
    tables = [[] for _ in models]
    for size in SIZES:
        # Fewer of the large calls, to limit the total time.
        count = max(int(calls) // (1 if size < 64 else 4), 5)
        batches = [[texts[(k * size + i) % len(texts)] for i in range(size)] for k in range(count)]
        seconds = [[] for _ in models]
        for batch in batches[:5] + batches:
            for answer, of_model in zip(serve, seconds, strict=True):
                start = time.perf_counter()
                answer(text=tf.constant(batch))["probabilities"].numpy()
                of_model.append(time.perf_counter() - start)
        seconds = np.array(seconds)[:, 5:]
        for rows, of_model in zip(tables, seconds, strict=True):
            row = {
                "documents a call": size,
                "documents/s": size * count / of_model.sum(),
                "p50, ms": 1e3 * np.quantile(of_model, 0.5),
                "p95, ms": 1e3 * np.quantile(of_model, 0.95),
                "calls": count,
            }
            if len(models) > 1:
                # Within each call, since other load on the machine comes and goes.
                row["time, of the first model"] = np.median(of_model / seconds[0])
            rows.append(row)
    if any(name.partition(".")[0] == "hanlib" for name in sys.modules):
        raise RuntimeError("hanlib was imported: this is to run with TensorFlow alone")
    print(json.dumps(tables))


if __name__ == "__main__":
    main(*sys.argv[1:])
