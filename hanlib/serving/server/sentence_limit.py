"""A bound on the sentences of a document, checked before the model runs.

The recurrence over sentences takes one step a sentence, so a document of very many tiny sentences
takes much longer than others of its size.
"""

import re

from hanlib.serving.server.status import invalid

# A run of full stops, question and exclamation marks (Chinese ones too), ellipses, line breaks, and
# what a line break or a mark may be written as in HTML.
_END = re.compile(rb"(?:[.!?\n<&]|\xe2\x80\xa6|\xe3\x80\x82|\xef\xbc[\x81\x9f])+")


def sentence_ends(text):
    """An upper estimate of the sentences in `bytes`, without abbreviations and line wraps.

    >>> sentence_ends(b"Dr. Who? Yes!")
    4
    """
    return 1 + sum(1 for _ in _END.finditer(text))


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
