"""The forms in which predictions are written, one record a document."""

import csv
import json


def jsonl(file, model):
    """One JSON object a line: row, id, text, label or labels, probabilities by class."""

    def write(record, labels, probabilities):
        named = dict(zip(map(str, model.classes), map(float, probabilities), strict=True))
        answer = {**record, **_named(model, labels), "probabilities": named}
        file.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
        file.flush()

    return write


def comma_separated(file, model, header=True):
    """A table with a header; several labels are joined by "|"."""
    writer, started = csv.writer(file, lineterminator="\n"), [] if header else [True]

    def write(record, labels, probabilities):
        answer = {**record, **_named(model, labels)}
        if "labels" in answer:
            answer["labels"] = "|".join(map(str, answer["labels"]))
        if not started:
            columns = [f"probability_{name}" for name in model.classes]
            writer.writerow([*answer, *columns])
            started.append(True)
        writer.writerow([*answer.values(), *(f"{p:.6g}" for p in probabilities)])
        file.flush()

    return write


def table(file, model):
    """For people: label, probability, the beginning of the text."""
    width = max(5, *(len(str(name)) for name in model.classes))

    def write(record, labels, probabilities):
        text = " ".join(record["text"].split())
        text = text if len(text) <= 60 else f"{text[:57]}..."
        answer = _named(model, labels)
        if "label" in answer:
            line = f"{answer['label']!s:<{width}}  {max(probabilities):.3f}"
        else:
            places = {str(name): place for place, name in enumerate(model.classes)}
            given = (f"{n} {probabilities[places[str(n)]]:.3f}" for n in answer["labels"])
            line = ", ".join(given) or "(none)"
        file.write(f"{line}  {text}\n")
        file.flush()

    return write


FORMATS = {"jsonl": jsonl, "csv": comma_separated, "table": table}


def _named(model, labels):
    return {"labels": list(labels)} if model.multi_label else {"label": labels}
