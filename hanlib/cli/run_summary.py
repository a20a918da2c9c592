"""What `hanlib train` prints about a finished run."""

from pathlib import Path


def summary(record, output, seconds):
    """The lines about a classifier of documents, from the record that training returns."""
    title = f"a model of {', '.join(record['classes'][:6])}"
    if len(record["classes"]) > 6:
        title += f" and {len(record['classes']) - 6} more classes"
    lines = [
        f"  {split:<11} {_figures(record[split])}"
        for split in ("validation", "test")
        if split in record
    ]
    for teacher in record.get("teachers", ()):
        if teacher["validation"]:
            lines.append(f"  teacher     {_figures(teacher['validation'])}")
    if "ngrams" in record:
        lines.append(f"  n-grams     {_ngrams(record['ngrams'])}")
    following = ("evaluate {}", 'predict {} "Your text."', "serve {}")
    following = [command.format(output) for command in following]
    following.append(f"export {output} {Path('exported', output.name)}")
    return _joined(output, title, lines, record, seconds, following)


def item_summary(record, output, seconds):
    """The lines about a model of documents that are split."""
    title = f"a model of {len(record['classes'])} labels of {record['task']}"
    lines = []
    if "validation" in record:
        lines.append(f"  validation  {item_figures(record['validation'])}")
    following = [f"evaluate {output} FILE", f'predict {output} "Your text."']
    return _joined(output, title, lines, record, seconds, following)


def _joined(output, title, lines, record, seconds, following):
    from hanlib.training.progress import duration

    lines = [
        f"\n{output}: {title}",
        *lines,
        f"  best epoch  {record['best_epoch']} of {record['epochs']}",
        f"  size        {record['parameters']:,} parameters, {record['vocabulary_size']:,} words",
        f"  time        {duration(seconds)}, of which training {duration(record['seconds'])}",
        "\nnext:",
    ]
    return "\n".join([*lines, *(f"  hanlib {command}" for command in following)])


def _ngrams(found):
    text = f"{found['number']:,} of up to {found['longest']} words"
    if "validation" not in found:
        return text
    shares = ", ".join(f"{name} {value:.4f}" for name, value in found["validation"].items())
    return f"{text}; validation: {shares.replace('ngrams', 'n-grams')}"


def _figures(metrics):
    name = "accuracy" if "accuracy" in metrics else "micro_f1"
    return (
        f"{name.replace('_', ' ')} {metrics[name]:.4f}, macro f1 {metrics['macro_f1']:.4f} "
        f"({metrics['documents']:,} documents)"
    )


def item_figures(metrics):
    """The metrics of labels of sentences or words in one line."""
    shown = {"accuracy": metrics["accuracy"], "macro f1": metrics["macro_f1"]}
    labels = metrics.get("items", metrics["documents"])
    if "chunks" in metrics:
        shown["chunk f1"] = metrics["chunks"]["f1"]
    listed = ", ".join(f"{name} {value:.4f}" for name, value in shown.items())
    return f"{listed} ({metrics['documents']:,} documents, {labels:,} labels)"
