"""The part of `hanlib evaluate` on the evidence that people marked."""

from hanlib.cli.errors import UsageError

_COLUMNS = {
    "auprc": "AUPRC",
    "token_f1": "word F1",
    "iou_f1": "span F1",
    "sentence_precision": "top sentence marked",
}


def measure(classifier, split, progress):
    """The rows of `hanlib.explain.plausibility_table` for the marked documents of a split."""
    from hanlib.explain import plausibility_table

    if not split.has_evidence:
        raise UsageError("--rationales needs documents with a column of evidence (JSONL, Parquet)")
    if classifier.multi_label:
        raise UsageError("--rationales needs a model with one label per document")
    examples = [
        (text, label, evidence)
        for (text, label), evidence in zip(split, split.evidence(), strict=True)
    ]
    labels = {str(name): name for name in classifier.classes}
    examples = [(text, labels[label], evidence) for text, label, evidence in examples if evidence]
    if not examples:
        raise UsageError("--rationales needs documents with evidence. Received: none is marked")
    return plausibility_table(
        classifier,
        examples,
        progress=lambda method, done: progress(f"rationales, {method}", done, len(examples)),
    )


def report(rows):
    """Lines of text for the rows of `measure`."""
    documents, share = rows[0]["documents"], rows[0]["share"]
    yield ""
    yield f"  agreement with the marked evidence of {documents:,} documents"
    yield f"  chance: AUPRC {share:.3f}, the share of the words that are marked"
    width = max(len(row["method"]) for row in rows)
    yield f"  {'method':<{width}}  {'  '.join(_COLUMNS.values())}"
    for row in rows:
        cells = [f"{row[name][0]:{len(title)}.3f}" for name, title in _COLUMNS.items()]
        yield f"  {row['method']:<{width}}  {'  '.join(cells)}"
