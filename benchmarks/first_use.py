"""What a first session in Python takes, in CPU seconds: from the imports to a first explanation.

    python benchmarks/first_use.py
    git worktree add ../before f9de9c5 && python benchmarks/first_use.py --against ../before

Each stage runs once in a new process, with the network of the article and 256 documents. With
`--against`, processes with the package of another folder take turns with those of this one.
CPU seconds depend less than the clock on what else the machine does, but they are not free of it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import report

HERE = Path(__file__).resolve().parents[1]
DOCUMENTS = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout of hanlib")
    parser.add_argument("--rounds", type=int, default=3, help="processes per package (default: 3)")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    packages = {"this": HERE, **({"other": arguments.against} if arguments.against else {})}
    found = {name: [] for name in packages}
    for turn in range(1 + arguments.rounds):
        for name, folder in packages.items():
            stages = measured(folder)
            if turn:  # The first turn fills the page cache.
                found[name].append({**stages, "in all": sum(stages.values())})
    setting = {"documents": DOCUMENTS, "processes": arguments.rounds}
    report.publish("first_use", setting, [("CPU seconds", list(rows(found)))], arguments)


def rows(found):
    """The medians by stage, and the median of the ratios of the turns."""
    for stage in found["this"][0]:
        times = {name: [stages[stage] for stages in turns] for name, turns in found.items()}
        row = {"stage": stage, **{name: statistics.median(each) for name, each in times.items()}}
        if "other" in times:
            pairs = zip(times["this"], times["other"], strict=True)
            row["this / other"] = statistics.median(a / b for a, b in pairs)
        yield row


def measured(folder):
    """The stages of a new process with the package in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "ignore", __file__, "child"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{folder} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def child():
    """Runs the stages; prints the CPU seconds of each."""
    found, last = {}, [time.process_time()]

    def end(stage):
        now = time.process_time()
        found[stage] = now - last[0]
        last[0] = now

    from hanlib.data import demo
    from hanlib.layers import DocumentVectorizer
    from hanlib.models import HAN, DocumentClassifier

    end("imports")
    reviews = demo.generate(DOCUMENTS)
    texts = [review.text for review in reviews]
    # Class indices: 0.1 took no names.
    labels = [int(review.label == "positive") for review in reviews]
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(texts)
    end("vocabulary")
    encoder = HAN.from_preset("han_paper", vectorizer.vocabulary_size)
    classifier = DocumentClassifier(vectorizer, encoder, ["negative", "positive"])
    classifier.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    classifier.fit(texts, labels, batch_size=DOCUMENTS, verbose=0)
    end("first step of `fit`")
    classifier.predict(texts[:1], verbose=0)
    end("first `predict`")
    classifier.explain(texts[:1], method="integrated_gradients")
    end("first `explain`, integrated gradients")
    print(json.dumps(found))


if __name__ == "__main__":
    sys.exit(child() if sys.argv[1:] == ["child"] else main())
