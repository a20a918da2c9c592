"""Converts the records of a file to documents, or says what is wrong with them."""

from dataclasses import dataclass

from hanlib.data import labels
from hanlib.data.corpus import DataError
from hanlib.data.evidence import as_spans
from hanlib.data.splitting import split_code
from hanlib.data.text_lines import is_unicode


class BadRow(ValueError):
    """The reason why a row is not a document."""


@dataclass(frozen=True)
class RowReader:
    """Converts a record to `(text, label, split or None, evidence or None)`."""

    text: str
    label: str
    split: str | None
    evidence: str | None
    multi_label: bool
    separator: str

    @property
    def columns(self):
        columns = (self.text, self.label, self.split, self.evidence)
        return [column for column in columns if column]

    def __call__(self, row, split):
        if row.record is None:
            raise BadRow(row.problem)
        text = row.record.get(self.text)
        if not isinstance(text, str):
            came = "no text" if text is None else f"a {type(text).__name__}, not text"
            raise BadRow(f"{came} in column {self.text!r}")
        if not text.strip():
            raise BadRow(f"no text in column {self.text!r}")
        if not is_unicode(text):
            raise BadRow(f"half a Unicode character in column {self.text!r}")
        label = self._label(row.record.get(self.label))
        return text, label, self._split(row.record, split), self._spans(row.record, text)

    def _spans(self, record, text):
        if self.evidence is None:
            return None
        try:
            return as_spans(record.get(self.evidence), text)
        except DataError as error:
            raise BadRow(f"{error} in column {self.evidence!r}") from None

    def _label(self, value):
        try:
            if self.multi_label:
                return labels.label_set(value, self.separator)
            return labels.single_label(value)
        except labels.BadLabel as error:
            raise BadRow(f"{error} in column {self.label!r}") from None

    def _split(self, record, split):
        if self.split is None:
            return split
        value = record.get(self.split)
        if value is None or not str(value).strip():
            raise BadRow(f"no split in column {self.split!r}")
        code = split_code(value)
        if code is None:
            raise DataError(
                f"`split_column` must hold train, validation (or dev) and test. Received: "
                f"{value!r} in column {self.split!r}; split_column=False ignores the column"
            )
        return code
