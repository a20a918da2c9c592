"""Documents that are split into words, which may have values of further columns."""


def with_columns(documents, *functions):
    """Adds columns to the words of documents, by Python functions.

    Args:
        documents: A list of documents; each is a list of words, or a list of sentences that are
            lists of words.
        *functions: Functions from the words of a sentence, a list of `str`, to one string per
            word, such as the part of speech.

    Returns:
        The documents with a tuple `(word, value, ...)` in place of each word.

    Raises:
        ValueError: If a function does not return one string per word.

    >>> listed = lambda words: ["yes" if word in ("New", "York") else "no" for word in words]
    >>> with_columns([["New", "York", "wins"]], listed)
    [[('New', 'yes'), ('York', 'yes'), ('wins', 'no')]]
    """
    return [
        [_with_columns(sentence, functions) for sentence in document]
        if _has_sentences(document)
        else _with_columns(document, functions)
        for document in documents
    ]


def _with_columns(words, functions):
    columns = [list(function(list(words))) for function in functions]
    for function, values in zip(functions, columns, strict=True):
        if len(values) != len(words) or not all(isinstance(value, str) for value in values):
            raise ValueError(
                f"`functions` must return one string per word. Received: {values!r:.60} for "
                f"{len(words)} words from {getattr(function, '__name__', function)}"
            )
    return list(zip(words, *columns, strict=True))


def column_values(documents):
    """The values of each column of the words of documents, sorted: the argument `columns`.

    >>> column_values([[[("Rain", "NN"), ("falls", "VBZ")], [("Rain", "NN")]]])
    [['NN', 'VBZ']]
    """
    words = [word for document in documents for word in _words_of(document)]
    columns = zip(*(values for _, *values in words), strict=True)
    return [sorted(set(values)) for values in columns]


def is_split(x):
    """Whether `x` is a list of documents that are split into words.

    >>> is_split([["Rain", "falls"]]), is_split([[("Rain", "NN")]]), is_split(["Rain falls"])
    (True, True, False)
    >>> is_split([[[2, 3]]])  # Word ids.
    False
    """
    if not isinstance(x, (list, tuple)) or not all(isinstance(part, (list, tuple)) for part in x):
        return False
    word = next((word for document in x for word in _words_of(document)), None)
    return isinstance(word, (str, bytes)) or _is_word(word)


def flat_documents(documents, columns):
    """The words of documents end to end.

    Args:
        documents: See `with_columns`.
        columns: The number of values that each word must have.

    Returns:
        The words, a list of `str`; a list of values for each column; the words of each sentence;
        the sentences of each document.

    Raises:
        ValueError: If a word does not have a value for each column.

    >>> flat_documents([[[("Rain", "NN")], [("It", "PRP"), ("falls", "VBZ")]]], columns=1)
    (['Rain', 'It', 'falls'], [['NN', 'PRP', 'VBZ']], [1, 2], [2])
    """
    nested = [
        document if _has_sentences(document) else [document] if len(document) else []
        for document in documents
    ]
    sentences = [sentence for document in nested for sentence in document]
    words = [checked_word(word, columns) for sentence in sentences for word in sentence]
    values = list(map(list, zip(*(row[1:] for row in words), strict=True)))
    return (
        [word for word, *_ in words],
        values or [[] for _ in range(columns)],
        [len(sentence) for sentence in sentences],
        [len(document) for document in nested],
    )


def checked_word(word, columns):
    """A word as a tuple of the word and its values.

    Raises:
        ValueError: If it is not a string, or with columns a tuple of the word and their values.
    """
    if not columns and isinstance(word, (str, bytes)):
        return (word,)
    parts = tuple(word) if _is_word(word) else ()
    if len(parts) != 1 + columns or not all(isinstance(part, (str, bytes)) for part in parts):
        expected = f"tuples of a word and its {columns} values" if columns else "words as strings"
        raise ValueError(f"`x` must hold {expected}. Received: {word!r:.80}")
    return parts


def _has_sentences(document):
    return any(isinstance(part, list) for part in document)


def _is_word(part):
    return isinstance(part, tuple) and bool(part) and isinstance(part[0], (str, bytes))


def _words_of(document):
    if isinstance(document, (str, bytes)) or not hasattr(document, "__iter__"):
        return []
    if _has_sentences(document):
        return [word for sentence in document for word in sentence]
    return list(document)
