"""The model card of an export, in Markdown: data, recipe, metrics, labels and limits."""

_LIMITS = """\
- The model knows the words of its training documents. All other words are treated as unknown.
- It assigns its labels to any text, including text in another language or on another subject. A
  text without words gets the same probabilities every time.
- The probabilities were not calibrated on your data.
- Attention shows where the model looked, which need not be why it decided. `gradient_x_attention`
  also shows the direction. Neither is a statement about the writer of a text.
- If the training data contain prejudices, so does the model. Measure it on your own documents
  before you use it for decisions about people."""


def model_card(name, classifier, dataset=None, recipe=None, metrics=None, options=None):
    """The model card of an export.

    Args:
        name: The model's name.
        classifier: A built `DocumentClassifier` with a vectorizer.
        dataset, recipe, metrics: The records that `hanlib train` writes beside a model, as dicts;
            None if unknown.
        options: `dict` of the export options.

    Returns:
        Markdown.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "bad"])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    >>> classifier.build()
    >>> print(model_card("films", classifier).splitlines()[0])
    # films
    """
    sections = [
        f"# {_plain(name)}\n\n{_summary(classifier)}",
        f"## Labels\n\n{_labels(classifier)}",
        f"## Data\n\n{_data(dataset or {})}",
        f"## Metrics\n\n{_metrics(metrics or {})}",
        f"## Recipe\n\n{_recipe(recipe)}",
        f"## Limits\n\n{_LIMITS}{_bounds(options or {})}",
        f"## Request to a server\n\n{_request(name)}",
    ]
    return "\n\n".join(sections) + "\n"


def _summary(classifier):
    kind = "any number of labels" if classifier.multi_label else "one label"
    parts = f"the encoder {type(classifier.encoder).__name__}"
    if classifier.ngrams is not None:
        words = classifier.ngrams.max_ngram
        parts += (
            f" and a linear model of {classifier.ngrams.ngrams:,} n-grams of up to {words} words"
        )
    return (
        f"A classifier of documents with {parts}. It takes "
        f"raw text and assigns {kind}. {classifier.count_params():,} parameters, "
        f"{classifier.vectorizer.vocabulary_size:,} words. Made with hanlib."
    )


def _labels(classifier):
    if not classifier.multi_label:
        return "\n".join(f"- {_plain(name)}" for name in classifier.classes)
    rows = zip(classifier.classes, classifier.thresholds, strict=True)
    given = [f"| {_plain(name)} | {threshold:.3g} |" for name, threshold in rows]
    return "\n".join(["| label | threshold |", "|---|---|", *given])


def _data(dataset):
    if not dataset:
        return "Not recorded."
    lines = [f"- Name: {_plain(dataset.get('name', 'not recorded'))}"]
    sizes = dataset.get("documents") or {}
    lines += [f"- Documents, {split}: {number:,}" for split, number in sizes.items() if number]
    if dataset.get("fingerprint"):
        lines.append(f"- Fingerprint of texts and labels: `{dataset['fingerprint']}`")
    return "\n".join(lines)


def _metrics(metrics):
    splits = [split for split in ("validation", "test") if split in metrics]
    if not splits:
        return "Not measured."
    names = ("documents", "accuracy", "subset_accuracy", "micro_f1", "macro_f1", "loss")
    names = [name for name in names if any(name in metrics[split] for split in splits)]
    rows = [
        f"| {name.replace('_', ' ')} | "
        + " | ".join(_number(metrics[split].get(name)) for split in splits)
        + " |"
        for name in names
    ]
    table = [f"| | {' | '.join(splits)} |", "|---|" + "---|" * len(splits), *rows]
    note = ""
    if "validation" in splits:
        note = (
            "\n\nThe epoch was chosen on the validation documents, so their metrics are slightly "
            "optimistic."
        )
    return "\n".join(table) + note + _versions(metrics)


def _versions(metrics):
    found = metrics.get("versions") or {}
    if not found:
        return ""
    return "\n\nTrained with " + ", ".join(f"{k} {v}" for k, v in found.items()) + "."


def _number(value):
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def _recipe(recipe):
    if not recipe:
        return "Not recorded."
    lines = [f"{field}: {value}" for field, value in recipe.items() if value is not None]
    return "\n".join(["```", *lines, "```"])


def _bounds(options):
    if not options:
        return ""
    lines = [
        f"\n- `explain` returns at most the first {options['most_sentences']:,} sentences and "
        f"{options['most_words']:,} words of a document; the model reads the whole document."
    ]
    if options.get("half_precision_tables"):
        lines.append("\n- The word vectors of the newest version are stored in float16.")
    return "".join(lines)


def _request(name):
    body = '{"signature_name": "explain", "instances": ["The text of a document."]}'
    return (
        f"```sh\ncurl http://127.0.0.1:8501/v1/models/{name}:predict \\\n  -d '{body}'\n```\n\n"
        "Signatures: `serving_default` (label and probabilities), `explain` (also the evidence), "
        "`embed` (document vectors)."
    )


def _plain(text):
    """A name from the data as Markdown text on one line, with all markup escaped."""
    text = " ".join(str(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|<>&-" and c not in "-_" else c for c in text)
