"""`hanlib info`: describes a model."""

import contextlib
import json
import sys
from pathlib import Path

from hanlib.cli import model_file, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "info", "describe a model", run)
    options.add_model(parser)
    options.add_json(parser)


def run(arguments):
    """Runs the command."""
    with contextlib.redirect_stdout(sys.stderr):
        described = _describe(arguments.model)
    print(json.dumps(described, ensure_ascii=False) if arguments.json else _report(described))


def _describe(model):
    path = model_file.model_path(model)
    items = model_file.labels_items(model)
    classifier = model_file.load(model) if items else model_file.load_classifier(model)
    metrics = model_file.record(model, "metrics.json")
    return {
        "model": str(path),
        "classes": classifier.classes,
        "multi_label": classifier.multi_label,
        "item": classifier.item if items else "document",
        "columns": _columns(classifier),
        "thresholds": list(classifier.thresholds) if classifier.multi_label else None,
        "vocabulary_size": classifier.vectorizer.vocabulary_size,
        "parameters": classifier.count_params(),
        "encoder": type(classifier.encoder).__name__,
        "recipe": model_file.record(model, "recipe.json"),
        "dataset": model_file.record(model, "dataset.json"),
        "metrics": metrics,
        "files": _files(Path(model)) if Path(model).is_dir() else {path.name: path.stat().st_size},
    }


def _columns(classifier):
    """The number of known values of each given column of the words."""
    columns = getattr(classifier, "columns", None) or classifier.vectorizer.columns
    return [len(values) for values in columns]


def _files(folder):
    """The files of a model's folder and their sizes, without those of an unfinished run."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = ((path.relative_to(folder), path) for path in found)
    return {
        str(name): path.stat().st_size
        for name, path in named
        if name.parts[0] != "checkpoint" and not name.parts[0].startswith(".")
    }


def _report(described):
    classes = [str(name) for name in described["classes"]]
    shown = ", ".join(classes[:12]) + (f" and {len(classes) - 12} more" * (len(classes) > 12))
    lines = [
        described["model"],
        f"  classes      {len(classes)}: {shown}",
        f"  labels       {'any number' if described['multi_label'] else 'one'} per "
        f"{described['item']}",
        f"  vocabulary   {described['vocabulary_size']:,} words",
        f"  encoder      {described['encoder']}, {described['parameters']:,} parameters in total",
    ]
    if described["columns"]:
        sizes = ", ".join(f"{size:,} values" for size in described["columns"])
        lines.append(f"  columns      {len(described['columns'])} per word: {sizes}")
    dataset, metrics = described["dataset"], described["metrics"] or {}
    if dataset:
        sizes = ", ".join(f"{name} {size:,}" for name, size in dataset["documents"].items() if size)
        lines.append(f"  trained on   {dataset['name']}: {sizes}")
    for split in ("validation", "test"):
        if split in metrics:
            name = "accuracy" if "accuracy" in metrics[split] else "micro_f1"
            lines.append(f"  {split:<11}  {name.replace('_', ' ')} {metrics[split][name]:.4f}")
    if described["recipe"]:
        given = (f"{k}={v}" for k, v in described["recipe"].items() if v is not None)
        lines.append(f"  recipe       {', '.join(given)}")
    lines.append(
        "  files        "
        + "\n               ".join(
            f"{name} ({size:,} bytes)" for name, size in described["files"].items()
        )
    )
    return "\n".join(lines)
