"""Inserts the tables that the benchmarks wrote with `--json` into `docs/performance.md`.

    python benchmarks/fill_tables.py --results results

The text between `<!-- NAME -->` and `<!-- end of NAME -->` is replaced by the tables of
`results/NAME.json`, if that file exists. The rows of the table of goals (`goals.py`) are replaced
where these files have a figure for them; the others keep that of an earlier run.
"""

import argparse
import re
import sys
from pathlib import Path

import goals
import report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the JSON")
    parser.add_argument("--page", type=Path, default=Path("docs/performance.md"))
    arguments = parser.parse_args()
    page = arguments.page.read_text(encoding="utf-8")
    records = goals.read(arguments.results)
    tables = {name: report.text(record) for name, record in records.items()}
    for name, text in tables.items():
        page, filled = fill(page, name, text)
        print(f"{name}: {'filled' if filled else 'has no place in the page'}")
    page = fill_rows(page, goals.goals(records))
    arguments.page.write_text(page, encoding="utf-8")


def fill(page, name, tables):
    """Inserts tables between the marks of a name; returns the page and whether it has the marks.

    >>> fill("<!-- a --><!-- end of a -->", "a", "tables")
    ('<!-- a -->\\n\\ntables\\n<!-- end of a -->', True)
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    filled, count = pattern.subn(lambda _: f"{start}\n\n{tables}\n{end}", page)
    return filled, bool(count)


def fill_rows(page, rows):
    """Replaces the rows of the table of goals that have a figure.

    >>> row = {"goal": "speed", "wanted": 5, "measured": 7.0, "met": "yes", "hanlib": "0.2.0"}
    >>> fill_rows("| speed | 5 | 3 | no | 0.1.0 |", [row])
    '| speed | 5 | 7.00 | yes | 0.2.0 |'
    """
    for row in rows:
        if row["measured"] is not None:
            line = report.markdown([row]).splitlines()[-1]
            pattern = rf"^\| {re.escape(row['goal'])} \|.*$"
            page = re.sub(pattern, lambda _, line=line: line, page, flags=re.MULTILINE)
    return page


if __name__ == "__main__":
    sys.exit(main())
