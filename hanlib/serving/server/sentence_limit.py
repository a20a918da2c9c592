"""A bound on the sentences of a document, checked before the model runs.

The recurrence over sentences takes one step a sentence, so a document of very many tiny sentences
takes much longer than others of its size.
"""

from hanlib.serving.server.status import invalid

# Full stops, question and exclamation marks, line breaks, and the first byte of what a line break
# or a mark may be written as in HTML.
_ENDS = b".!?\n<&"
_WIDE_ENDS = [mark.encode() for mark in "。！？…"]
_TO_DOTS = bytes(ord(".") if byte in _ENDS else ord(" ") for byte in range(256))


def sentence_ends(text):
    """An upper estimate of the sentences in `bytes`: runs of signs that may end one, and 1.

    Abbreviations are not told apart, and rows of long sentences not counted. It takes a few
    milliseconds a megabyte, because it holds Python's interpreter lock.

    >>> sentence_ends(b"Dr. Who?! Yes")
    3
    """
    for mark in _WIDE_ENDS:
        text = text.replace(mark, b".")
    return 1 + len(text.translate(_TO_DOTS).split())


def check_sentences(inputs, limit):
    """Refuses documents that may have more than `limit` sentences.

    Args:
        inputs: `{name: array}`. Arrays of objects hold `bytes`.
        limit: The largest number of sentences in a document.

    Raises:
        StatusError: INVALID_ARGUMENT; the message names the document and the limit.
    """
    for name, array in inputs.items():
        for index, text in enumerate(array.ravel() if array.dtype.kind == "O" else ()):
            if len(text) >= limit and (count := sentence_ends(text)) > limit:
                raise invalid(
                    f"Document {index} of `{name}` has up to {count} sentences. The limit is "
                    f"{limit}: split it, or start the server with a larger --max-sentences"
                )
