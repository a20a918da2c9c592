"""`hanlib predict --columns`: the columns of a file that are kept in the output."""

import pytest

from hanlib.cli import entry, texts
from hanlib.cli.errors import UsageError


@pytest.fixture
def records(tmp_path):
    """The records that `hanlib predict --input FILE` keeps, given further options."""
    path = tmp_path / "in.csv"
    path.write_text("id,text,row,stars\n7,Good.,r,4\n8,Bad.,s,2\n")

    def read(*options):
        command = ["predict", "model", "--input", str(path), *options]
        return [record for _, record in texts.records(entry._parser().parse_args(command))]

    return read


def test_all_columns_are_kept_by_default(records):
    expected = {"row": 1, "id": "7", "input_row": "r", "stars": "4", "text": "Good."}
    assert records()[0] == expected


def test_some_columns_or_none(records):
    """The row and the text are always there."""
    assert records("--columns", "stars, id")[1] == {
        **{"row": 2, "stars": "2", "id": "8", "text": "Bad."}
    }
    assert records("--columns", "none")[1] == {"row": 2, "text": "Bad."}
    assert records("--columns", "row")[0] == {"row": 1, "input_row": "r", "text": "Good."}


def test_a_column_that_is_not_there(records):
    with pytest.raises(UsageError, match="row 1 has no column 'star': its columns are id, row, st"):
        records("--columns", "id,star")


def test_the_column_of_the_text_is_kept_as_the_text(records):
    assert records("--columns", "id,text")[0] == {"row": 1, "id": "7", "text": "Good."}
