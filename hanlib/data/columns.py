"""Finds the columns of the text, the label and the split."""

from hanlib.data.corpus import DataError

TEXT_NAMES = (
    *("text", "texts", "review", "review_text", "document", "body", "content", "sentence"),
    *("comment", "message", "article", "description"),
)
LABEL_NAMES = (
    *("label", "labels", "stars", "class", "classes", "category", "categories", "sentiment"),
    *("target", "rating", "topic", "topics", "tags", "polarity"),
)
EVIDENCE_NAMES = ("evidence", "rationale", "rationales")
SPLIT_NAMES = ("split", "subset", "partition")


def find_column(argument, chosen, guesses, columns, source, *, required=True):
    """The name of one column.

    Args:
        argument: the name of the option, for messages: "text_column".
        chosen: the value of the option, or None.
        guesses: names to try, ignoring case, if the option was not given.
        columns: the existing columns.
        source: name of the file, for messages.
        required: whether to raise an error if no guess matches; otherwise None is returned.

    >>> find_column("text_column", None, TEXT_NAMES, ["id", "Review"], "a.csv")
    'Review'
    """
    if chosen is not None:
        if chosen in columns:
            return chosen
        raise DataError(
            f"`{argument}` must be a column of {source}. Received: {argument}={chosen!r}; the "
            f"columns are: {', '.join(columns)}"
        )
    found = [column for column in columns if column.strip().lower() in guesses]
    if len(found) == 1:
        return found[0]
    if not found and not required:
        return None
    came = f"several that could be it ({', '.join(found)})" if found else "none with a known name"
    raise DataError(
        f"`{argument}` must be given for {source}. Expected: one column with a name such as "
        f"{', '.join(guesses[:4])}. Received: {came}; the columns are: {', '.join(columns)}"
    )
