"""The model card of an export, in Markdown: data, recipe, metrics, labels and limits."""

from hanlib.serving import folded_table
from hanlib.serving.signatures import signature_names

_ATTENTION = """
- Attention shows where the model looked, which need not be why it decided. `gradient_x_attention`
  also shows the direction. Neither is a statement about the writer of a text."""
_LIMITS = """\
- The model knows the words of its training documents. All other words are treated as unknown.
- It assigns its labels to any text, including text in another language or on another subject. A
  text without words gets the same probabilities every time.
- The probabilities were not calibrated on your data.
- If the training data contain prejudices, so does the model. Measure it on your own documents
  before you use it for decisions about people."""

_ANSWERS = {
    "serving_default": "label and probabilities",
    "explain": "also the evidence",
    "contrast": "the evidence for one class and not another",
    "embed": "document vectors",
}


def model_card(name, classifier, dataset=None, recipe=None, metrics=None, options=None):
    """The model card of an export.

    Args:
        name: The model's name.
        classifier: A built `DocumentClassifier` with a vectorizer, or a model of sentences or
            words.
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
        f"## Limits\n\n{_limits(classifier, options or {})}",
        f"## Request to a server\n\n{_request(name, classifier)}",
    ]
    return "\n\n".join(sections) + "\n"


def _summary(classifier):
    item = getattr(classifier, "item", "document")
    kind = "any number of labels" if classifier.multi_label else "one label"
    kind += f" to each {item}" if item != "document" else ""
    parts = f"the encoder {type(classifier.encoder).__name__}"
    if getattr(classifier, "ngrams", None) is not None:
        words = classifier.ngrams.max_ngram
        parts += (
            f" and a linear model of {classifier.ngrams.ngrams:,} n-grams of up to {words} words"
        )
    return (
        f"A classifier of {item}s with {parts}. It takes "
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


def _limits(classifier, options):
    if hasattr(classifier, "item"):
        half = "\n- The word vectors of the newest version are stored in float16."
        return _LIMITS + (half if options.get("half_precision_tables") else "")
    return _LIMITS + _ATTENTION + _bounds(classifier, options)


def _bounds(classifier, options):
    if not options:
        return ""
    lines = [
        f"\n- `explain` returns at most the first {options['most_sentences']:,} sentences and "
        f"{options['most_words']:,} words of a document; the model reads the whole document."
    ]
    half = options.get("half_precision_tables", False)
    if options.get("fold"):
        sizes = folded_table.described(classifier.encoder, half)
        lines.append(f"\n- In the newest version {sizes}.")
    elif half:
        lines.append("\n- The word vectors of the newest version are stored in float16.")
    return "".join(lines)


def _request(name, classifier):
    if hasattr(classifier, "item"):
        body = '{"instances": ["The text of a document."]}'
        return (
            f"```sh\ncurl http://127.0.0.1:8501/v1/models/{name}:predict \\\n  -d '{body}'\n```\n\n"
            "Signatures: `serving_default` takes texts, `split` documents that are split. A model "
            "that reads columns of words has the second one alone, under the first name."
        )
    document = '"The text of a document."'
    if classifier.vectorizer.columns:
        columns = range(1, 1 + len(classifier.vectorizer.columns))
        given = ["words", *(f"column_{number}" for number in columns)]
        document = "{" + ", ".join(f'"{key}": [["...", "..."]]' for key in given) + "}"
    names = signature_names(classifier)
    signature = '"signature_name": "explain", ' if "explain" in names else ""
    body = "{" + signature + '"instances": [' + document + "]}"
    signatures = ", ".join(f"`{key}` ({_ANSWERS[key]})" for key in names)
    return (
        f"```sh\ncurl http://127.0.0.1:8501/v1/models/{name}:predict \\\n  -d '{body}'\n```\n\n"
        f"Signatures: {signatures}."
    )


def _plain(text):
    """A name from the data as Markdown text on one line, with all markup escaped."""
    text = " ".join(str(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|<>&-" and c not in "-_" else c for c in text)
