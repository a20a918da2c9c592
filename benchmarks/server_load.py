"""The development server under load, compared with the same SavedModel without HTTP.

    hanlib export saved_models/imdb_reviews exported/imdb
    python benchmarks/server_load.py exported/imdb --minutes 10

32 connections on loopback send reviews of IMDB and Yelp (TFDS) continuously: one, four or sixteen
documents per request, and every tenth request to `explain` if the model has it. The table shows
errors, requests per second and latencies, followed by the memory of the server after the first
minute and at the end. For comparison, the same requests first go to
`tf.saved_model.load(...).signatures` without HTTP, from one thread and from as many threads as the
server runs batches. Client, server and model share the machine.
"""

import argparse
import http.client
import itertools
import json
import os
import platform
import random
import re
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

WARM_UP = 10.0  # seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="a folder of exported versions")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--batch-threads", type=int, default=2)
    parser.add_argument("--documents", type=int, default=2000, help="distinct reviews of each set")
    arguments = parser.parse_args()
    texts = reviews(arguments.documents)
    folder = newest(arguments.model)
    requests = list(itertools.islice(mixed(texts, has_explain(folder)), 4000))
    print_setting(arguments, texts, requests)
    seconds = arguments.minutes * 60
    rows = [
        direct(folder, requests, threads, min(60, seconds / 4))
        for threads in sorted({1, arguments.batch_threads})
    ]
    row, memory = served(arguments, requests, seconds)
    print_rows([*rows, row])
    print_memory(memory)
    return 1 if row["errors"] else 0


def reviews(count):
    """Texts of both data sets."""
    from hanlib.data import load

    return [
        text
        for name in ("imdb_reviews", "yelp_polarity_reviews")
        for text in itertools.islice(load(name).splits["test"].texts(), count)
    ]


def newest(base):
    return max((f for f in base.iterdir() if f.name.isdecimal()), key=lambda f: int(f.name))


def has_explain(folder):
    import tensorflow as tf

    return "explain" in tf.saved_model.load(str(folder)).signatures


def mixed(texts, explain):
    """An infinite stream of requests `(signature, documents)`."""
    draw = random.Random(0)
    while True:
        size = draw.choices([1, 4, 16], [8, 3, 1])[0]
        signature = "explain" if explain and draw.random() < 0.1 else "serving_default"
        yield signature, draw.choices(texts, k=size)


def direct(folder, requests, threads, seconds):
    """Calls the signatures from `threads` threads."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(folder)).signatures

    def ask(state, request):
        signature, documents = request
        outputs = signatures[signature](text=tf.constant(documents))
        return all(value.numpy() is not None for value in outputs.values())

    name = f"SavedModel, {threads} thread{'s' * (threads > 1)}"
    return {"name": name, **drive(lambda: None, ask, requests, threads, seconds)}


def served(arguments, requests, seconds):
    """Sends requests to the server over `arguments.connections` connections."""
    process, port, name = start(arguments)
    bodies = [
        json.dumps({"signature_name": signature, "instances": documents})
        for signature, documents in requests
    ]
    path = f"/v1/models/{name}:predict"

    def ask(connection, body):
        connection.request("POST", path, body)
        response = connection.getresponse()
        return response.status == 200 and len(response.read()) > 0

    memory = []
    sampler = threading.Thread(target=sample, args=(process, memory))
    sampler.start()
    try:
        row = drive(
            lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=120),
            *(ask, bodies, arguments.connections, seconds),
        )
    finally:
        process.terminate()
        code = process.wait(60)
        sampler.join()
    row["errors"] += code != 0
    return {"name": f"server, {arguments.connections} connections", **row}, memory


def start(arguments):
    command = [sys.executable, "-m", "hanlib", "serve", str(arguments.model), "--port", "0"]
    command += ["--quiet", "--batch-threads", str(arguments.batch_threads)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    found = re.search(r":(\d+)/v1/models/(\S+)", line)
    if not found:
        sys.exit(f"the server did not start: {line}")
    return process, int(found[1]), found[2]


def sample(process, memory):
    """Appends `(seconds since the start, bytes of resident memory)` every second."""
    begin = time.monotonic()
    while process.poll() is None:
        try:
            text = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            return
        found = re.search(r"VmRSS:\s+(\d+)", text)
        if found:
            memory.append((time.monotonic() - begin, int(found[1]) * 1024))
        time.sleep(1)


def drive(connect, ask, requests, threads, seconds):
    """Sends requests from `threads` threads for a number of seconds after a warm-up."""
    begin = time.monotonic()
    warm_up = min(WARM_UP, seconds / 4)
    latencies, errors = [], []
    turns, lock = itertools.count(), threading.Lock()

    def work():
        state = connect()
        while (now := time.monotonic()) < begin + seconds:
            request = requests[next(turns) % len(requests)]
            try:
                good = ask(state, request)
            except OSError as error:
                good, state = False, connect()
                print(f"error: {error}", file=sys.stderr)
            with lock:
                if not good:
                    errors.append(now)
                if now > begin + warm_up:
                    latencies.append(time.monotonic() - now)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.monotonic() - begin - warm_up
    return {"errors": len(errors), "rate": len(latencies) / took, "latencies": latencies}


def print_setting(arguments, texts, requests):
    lengths = np.percentile([len(text) for text in texts], [5, 50, 95, 100]).astype(int)
    sizes = np.mean([len(documents) for _, documents in requests])
    explained = np.mean([signature == "explain" for signature, _ in requests])
    versions = ", ".join(f"{p} {version(p)}" for p in ("tensorflow", "uvicorn", "starlette"))
    print(f"`{' '.join(['python', *sys.argv])}`\n")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print(versions)
    print(f"{len(texts)} reviews, characters at 5/50/95/100 %: {', '.join(map(str, lengths))}")
    print(f"{sizes:.1f} documents a request; {explained:.0%} of the requests ask for `explain`\n")


def print_rows(rows):
    print("| | errors | requests | requests/s | p50 ms | p95 ms | p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        times = " | ".join(f"{t * 1e3:.1f}" for t in np.percentile(row["latencies"], [50, 95, 99]))
        count = len(row["latencies"])
        print(f"| {row['name']} | {row['errors']} | {count} | {row['rate']:.1f} | {times} |")


def print_memory(memory):
    first = [size for at, size in memory if at <= 70][-1]
    later = [size for at, size in memory if at > 60] or [first]
    first, last, most = (size / 2**20 for size in (first, later[-1], max(later)))
    print(
        f"\nserver's memory: {first:.0f} MB after the first minute, {last:.0f} MB at the end "
        f"({last / first - 1:+.1%}), at most {most:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
