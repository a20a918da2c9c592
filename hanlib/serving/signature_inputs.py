"""The inputs that a signature takes beside the documents."""

# Strings, one per document. The empty string is a valid value of each of them, and the default.
FURTHER = {"contrast": ("target", "against")}


def further_inputs(signature):
    """The names of the further inputs of a signature.

    >>> further_inputs("contrast"), further_inputs("explain")
    (('target', 'against'), ())
    """
    return FURTHER.get(signature, ())


def request_inputs(signature, texts, **further):
    """The inputs of a request, `{name: list}`.

    Args:
        signature: The name of the signature.
        texts: The documents, a list.
        **further: One value for all documents per further input; "" if it is not given.

    Raises:
        ValueError: If the signature does not take one of them.

    >>> request_inputs("contrast", ["A.", "B."], target="pos")
    {'text': ['A.', 'B.'], 'target': ['pos', 'pos'], 'against': ['', '']}
    """
    names = further_inputs(signature)
    unknown = sorted(further.keys() - set(names))
    if unknown:
        takes = " and ".join(f"`{name}`" for name in names) or "nothing else"
        raise ValueError(
            f"The signature {signature} takes documents and {takes}. Received: {unknown[0]}"
        )
    return {"text": texts, **{name: [further.get(name, "")] * len(texts) for name in names}}
