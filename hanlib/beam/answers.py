"""The outputs of an export's signatures as one `dict` per document."""

from hanlib.serving.records import answer_of

_SCORES = ("attention", "gradient_x_attention", "rationale")
_CLASSES = ("target", "against")


def answers_of(model, signature, texts, **further):
    """Runs a `ServedModel`.

    Args:
        model: The `ServedModel`, or `ServedItems`, whose answers are `spans`.
        signature: One of `SIGNATURES`.
        texts: List of `bytes`.
        **further: Further inputs of the signature, as `ServedModel.outputs` takes them.

    Returns:
        A list with one `dict` of Python values per document; see `hanlib.beam.Classify`.

    Raises:
        ValueError: If the export has no such signature.
    """
    if not hasattr(model, "annotate"):
        return SIGNATURES[signature](model, texts, **further)
    if signature != "serving_default" or model.columns:
        came = f"the signature {signature}" if not model.columns else "a model that reads columns"
        raise ValueError(
            "`signature` must be serving_default, and the model must read texts, for labels of "
            f"sentences or words. Received: {came}"
        )
    return [{"spans": found.to_dict()["spans"]} for found in model.annotate(texts)]


def _classified(model, texts):
    return [answer_of(model, *answer) for answer in model.answers(texts)]


def _explained(model, texts):
    return _evidence(model, model.outputs(texts, "explain"))


def _contrasted(model, texts, **classes):
    return _evidence(model, model.outputs(texts, "contrast", **classes))


def _evidence(model, outputs):
    labels = _labels(model, outputs)
    return [
        {
            **answer_of(model, labels[index], outputs["probabilities"][index]),
            **{name: outputs[name][index].decode() for name in _CLASSES if name in outputs},
            "sentences": _sentences({name: rows[index] for name, rows in outputs.items()}),
            **{name: int(outputs[name][index]) for name in ("omitted_sentences", "omitted_words")},
        }
        for index in range(len(outputs["target"]))
    ]


def _labels(model, outputs):
    if not model.multi_label:
        return [name.decode() for name in outputs["label"]]
    return [[name.decode() for name in row if name] for row in outputs["labels"]]


def _sentences(outputs):
    """The sentences of a document, without padding."""
    count = outputs["sentence_counts"]
    words = _scored(outputs, "word")
    sentences = _scored(outputs, "sentence")[:count]
    start = 0
    for sentence, size in zip(sentences, outputs["word_counts"][:count].tolist(), strict=True):
        sentence["words"] = words[start : start + size]
        start += size
    return sentences


def _scored(outputs, part):
    """The padded texts and scores of the words or sentences of a document."""
    texts = [text.decode() for text in outputs[f"{part}s"].tolist()]
    names = [name for name in _SCORES if f"{part}_{name}" in outputs]
    scores = [outputs[f"{part}_{name}"].tolist() for name in names]
    return [
        {"text": text, **dict(zip(names, values, strict=True))}
        for text, *values in zip(texts, *scores, strict=True)
    ]


def _embedded(model, texts):
    vectors = model.outputs(texts, "embed")["vectors"].tolist()
    return [{"vector": vector} for vector in vectors]


SIGNATURES = {
    "serving_default": _classified,
    "explain": _explained,
    "contrast": _contrasted,
    "embed": _embedded,
}
