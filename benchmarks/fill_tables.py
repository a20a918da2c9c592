"""Inserts the tables that the benchmarks wrote with `--json` into `docs/performance.md`.

    python benchmarks/fill_tables.py --results results

The text between `<!-- NAME -->` and `<!-- end of NAME -->` is replaced by the tables of
`results/NAME.json`, if that file exists. `goals` summarizes all of them (`goals.py`).
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
    tables["goals"] = report.markdown(goals.goals(records)) + "\n"
    for name, text in tables.items():
        page, filled = fill(page, name, text)
        print(f"{name}: {'filled' if filled else 'has no place in the page'}")
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


if __name__ == "__main__":
    sys.exit(main())
