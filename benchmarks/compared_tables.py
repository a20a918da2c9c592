"""Fills the tables and draws the picture of `docs/comparison.md`.

    python benchmarks/compared_tables.py --results results

reads `NAME.json`, the output of `hanlib compare NAME.jsonl --json`, for each data set of
`compared_data.py` that is in the folder of results. The text between `<!-- NAME -->` and
`<!-- end of NAME -->` is replaced.
"""

import argparse
import json
import sys
from pathlib import Path

from fill_tables import fill
from report import markdown

DATA = {
    "demo": "generated reviews",
    "imdb": "IMDB",
    "movies": "movies",
    "reuters": "Reuters",
    "long": "long documents",
}
# Okabe and Ito; hierarchical, recurrent over the document, other networks, linear.
COLORS = {
    "han": "#0072B2",
    "han_article": "#56B4E9",
    "transformer": "#009E73",
    "bag_of_words": "#777777",
    "ngrams": "#111111",
}
RECURRENT = {"rnn": "#F0E442", "lstm": "#CC79A7", "gru": "#E69F00", "bigru": "#D55E00"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the JSON")
    parser.add_argument("--page", type=Path, default=Path("docs/comparison.md"))
    parser.add_argument("--image", type=Path, default=Path("docs/images/comparison.png"))
    arguments = parser.parse_args()
    page, found = arguments.page.read_text(encoding="utf-8"), {}
    for name in DATA:
        path = arguments.results / f"{name}.json"
        if path.is_file():
            found[name] = json.loads(path.read_text(encoding="utf-8"))
            page, filled = fill(page, name, tables(found[name]))
            print(f"{name}: {'filled' if filled else 'has no place in the page'}")
    arguments.page.write_text(page, encoding="utf-8")
    draw(found, arguments.image)


def tables(record):
    """Both tables of a comparison, as Markdown.

    >>> group = {"shortest": 1, "longest": 9, "documents": 4, "right": 3}
    >>> run = {"epochs": 2, "best_epoch": 1, "parameters": 7, "cpu_seconds": 30.0,
    ...     "prediction_cpu_seconds": 2.0, "peak_memory": 5e6, "by_length": [group]}
    >>> record = {"documents": {"train": 6, "test": 4}, "split": "test", "metric": "accuracy"}
    >>> print(tables({**record, "models": [{"model": "gru", "score": 0.75, "runs": [run]}]}))
    ... # doctest: +ELLIPSIS
    | model | accuracy | parameters | best epoch | CPU seconds | ...
    |---|---|---|---|---|---|---|---|
    | gru | 0.750 | 7 | 1 of 2 | 30 | 2 | 5 | 0.750 |
    <BLANKLINE>
    """
    return markdown([_row(model, record) for model in record["models"] if model["runs"]]) + "\n"


def _row(model, record):
    run = model["runs"][0]
    predicted = record["documents"][record["split"]] / run["prediction_cpu_seconds"]
    return {
        "model": model["model"],
        record["metric"].replace("_", " "): f"{model['score']:.3f}",
        "parameters": f"{run['parameters']:,}",
        "best epoch": f"{run['best_epoch']} of {run['epochs']}",
        "CPU seconds": _or_dash(run["cpu_seconds"]),
        "predicted docs per CPU second": f"{predicted:,.0f}",
        "peak memory, MB": _or_dash(run["peak_memory"], 1e6),
        **{
            f"{g['shortest']:,}-{g['longest']:,} words": f"{g['right'] / g['documents']:.3f}"
            for g in run["by_length"]
        },
    }


def _or_dash(value, unit=1):
    return "-" if value is None else f"{value / unit:,.0f}"


def draw(found, path):
    """Score against processor time, and by document length, for each data set."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(found), 2, figsize=(9.5, 3.1 * len(found)), squeeze=False, layout="constrained"
    )
    for (left, right), (name, record) in zip(axes, found.items(), strict=True):
        models = [model for model in record["models"] if model["runs"]]
        for model in models:
            run, colors = model["runs"][0], {**COLORS, **RECURRENT}
            marker = "osD^vP*Xh"[list(colors).index(model["model"])]
            style = {"color": colors[model["model"]], "marker": marker}
            style["markeredgecolor"] = "#333333"
            if run["cpu_seconds"] is not None:
                left.plot(run["cpu_seconds"], model["score"], linestyle="", **style)
            shares = [group["right"] / group["documents"] for group in run["by_length"]]
            right.plot(shares, label=model["model"], **style)
        left.set(xlabel="CPU seconds of training", title=DATA[name])
        left.set_xlim(left=0)
        left.set_ylabel(record["metric"].replace("_", " "))
        groups = models[0]["runs"][0]["by_length"]
        labels = [f"{group['shortest']:,}-\n{group['longest']:,}" for group in groups]
        right.set_xticks(range(len(labels)), labels, fontsize=8)
        right.set(xlabel="length (words)", ylabel="share that is right", title=DATA[name])
        right.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5))
        for one in (left, right):
            one.grid(alpha=0.25)
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    sys.exit(main())
