"""Draws the figures of `docs/performance.md` from the results that benchmarks wrote with `--json`.

    python benchmarks/plots.py --results results --output docs/images

reads `train_step.json`, `predict.json`, `document_length.json`, `learning.json` and `curves.json`
(the output of `accuracy.py --curve`) from the folder of results, and writes `peers.png`,
`document_length.png`, `learning.png` and `curves.png`. Without the results of a picture, it is left
as it is.
"""

import argparse
import json
import sys
from pathlib import Path

# The palette of Okabe and Ito, which is suitable for color-blind readers; markers differ as well.
COLORS = {
    "hanlib": "#0072B2",
    "PyTorch": "#E69F00",
    "Keras box": "#CC79A7",
    "Keras flat": "#009E73",
}
MARKERS = {"hanlib": "o", "PyTorch": "s", "Keras box": "^", "Keras flat": "D"}
# Of the models of `accuracy.py`.
OTHER_MARKERS = {"TF-IDF + logistic regression": "o", "TF-IDF + linear SVM": "s", "NB-SVM": "v"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the JSON")
    parser.add_argument("--output", type=Path, default=Path("docs/images"), help="folder of images")
    arguments = parser.parse_args()
    import matplotlib

    matplotlib.use("Agg")
    arguments.output.mkdir(parents=True, exist_ok=True)
    for draw, names in (
        (peers, ("train_step", "predict")),
        (document_length, ("document_length",)),
        (learning, ("learning",)),
        (curves, ("curves",)),
    ):
        files = [arguments.results / f"{name}.json" for name in names]
        if all(file.exists() for file in files):
            path = arguments.output / f"{draw.__name__}.png"
            save(draw(*(json.loads(file.read_text()) for file in files)), path)
            print(path)


def kind(title):
    """The key of `COLORS` for a network."""
    return next(name for name in COLORS if title.startswith(name))


def peers(*records):
    """A bar plot of documents per second of each network, in training and inference."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(records), figsize=(9.5, 3.4), sharey=True, layout="constrained"
    )
    for axis, record, title in zip(axes, records, ("Training", "Inference"), strict=True):
        rows = record["tables"][0]["rows"][::-1]
        names = [row["network"].partition(" (")[0].replace("`", "") for row in rows]
        speeds = [row["documents/s"] for row in rows]
        bars = axis.barh(names, speeds, color=[COLORS[kind(name)] for name in names])
        axis.bar_label(bars, [f"{speed:,.0f}" for speed in speeds], padding=3, fontsize=8)
        axis.set(title=title, xlabel="documents per second", xlim=(0, 1.15 * max(speeds)))
        _plain(axis)
    return figure


def document_length(record):
    """A line plot of words per second of each network by document length."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
    rows = record["tables"][0]["rows"]
    for name in dict.fromkeys(row["network"].partition(" (")[0] for row in rows):
        of_name = [row for row in rows if row["network"].partition(" (")[0] == name]
        lengths = [row["words, longest documents"] for row in of_name]
        speeds = [row["words/s"] for row in of_name]
        style = {"color": COLORS[kind(name)], "marker": MARKERS[kind(name)]}
        axis.plot(lengths, speeds, label=name, **style)
        axis.annotate(
            name, (lengths[-1], speeds[-1]), (6, 0), textcoords="offset points", va="center",
            fontsize=8, color=style["color"],
        )  # fmt: skip
    axis.set(xscale="log", xlabel="words of the longest documents in a batch")
    axis.set(ylabel=f"words per second ({record['setting']['task']})", ylim=(0, None))
    lengths = sorted({row["words, longest documents"] for row in rows})
    axis.set_xticks(lengths, [f"{length:,}" for length in lengths], fontsize=8)
    axis.minorticks_off()
    axis.set_xlim(right=lengths[-1] * 4)
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.grid(axis="y", alpha=0.3)
    _plain(axis)
    return figure


def learning(record):
    """A line plot of accuracy by minutes of training; whole runs of `hanlib train` are points."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
    rows = record["tables"][0]["rows"]
    for name in dict.fromkeys(row["network"] for row in rows):
        of_name = [row for row in rows if row["network"] == name]
        minutes, accuracy = ([float(row[k]) for row in of_name] for k in ("minutes", "accuracy"))
        title = name.strip("`")
        style = {"color": COLORS[kind(title)], "marker": MARKERS[kind(title)]}
        if name != title:
            style.update(marker="*", markersize=12, linestyle="none")
        axis.plot(minutes, accuracy, **style)
        axis.annotate(
            title, (minutes[-1], accuracy[-1]), (0, 8), textcoords="offset points", ha="center",
            fontsize=8, color=style["color"],
        )  # fmt: skip
    longest = max(row["minutes"] for row in rows)
    axis.set(xscale="log", xlabel="minutes", ylabel="accuracy, held-out reviews")
    axis.set_xlim(right=2.5 * longest)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.grid(axis="y", alpha=0.3)
    _plain(axis)
    return figure


def curves(record):
    """Line plots of accuracy by training documents, one for each data set."""
    import matplotlib.pyplot as plt

    tables = record["tables"]
    columns = min(len(tables), 3)
    lines = -(-len(tables) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(3.6 * columns, 3 * lines), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(tables) :]:
        axis.remove()
    drawn = {}
    for axis, table in zip(axes.flat, tables, strict=False):
        rows = table["rows"]
        numbers = [row["documents"] for row in rows]
        for model in list(rows[0])[2:]:
            scores = [float(row[model].rstrip("*")) for row in rows]
            (drawn[model],) = axis.plot(numbers, scores, **_curve_style(model))
        axis.set(title=table["title"], xscale="log", xlabel="training documents")
        axis.set_xticks(numbers, [f"{number:,}" for number in numbers], fontsize=8)
        axis.minorticks_off()
        axis.grid(axis="y", alpha=0.3)
        _plain(axis)
    for axis in axes[:, 0]:
        axis.set_ylabel("accuracy, or micro-F1")
    figure.legend(drawn.values(), drawn, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _curve_style(model):
    """Grey for the other models, color for hanlib."""
    if not model.startswith("hanlib"):
        marker = OTHER_MARKERS.get(model, "x")
        return {"color": "#777777", "marker": marker, "markersize": 4, "lw": 1}
    color = COLORS["hanlib"] if model == "hanlib" else COLORS["PyTorch"]
    return {"color": color, "marker": "o", "lw": 2}


def _plain(axis):
    axis.spines[["top", "right"]].set_visible(False)


def save(figure, path):
    """Writes an image of moderate size."""
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
