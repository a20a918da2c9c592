"""Prints the tables of a benchmark with their setting, and writes them as JSON for the plots."""

import json
from pathlib import Path

from machine import machine


def add_arguments(parser):
    """The options of each benchmark."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.add_argument("--seed", type=int, default=0, help="seed of the batches (default: 0)")


def publish(name, setting, tables, arguments):
    """Prints a benchmark's tables, and writes them to the file of `--json`.

    Args:
        name: name of the benchmark.
        setting: `dict` of sizes, batches, rounds and other parameters.
        tables: `(title, rows)`s; a row is a dict from column to text or number.
        arguments: the parsed options.
    """
    record = {
        "name": name,
        "machine": machine(),
        "setting": {**setting, "seed": arguments.seed},
        "tables": [{"title": title, "rows": rows} for title, rows in tables],
    }
    print(f"\n{text(record)}", flush=True)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def text(record):
    """The record of a benchmark as Markdown: the setting, then the tables."""
    lines = [heading(record["machine"], record["setting"])]
    for table in record["tables"]:
        lines += [f"{table['title']}:", markdown(table["rows"])]
    return "\n\n".join(lines) + "\n"


def heading(facts, setting):
    """The setting of a table, in two sentences, with the version of hanlib first."""
    versions = dict(facts["versions"])
    measured = f"**hanlib {versions.pop('hanlib', 'without a version')}**"
    versions = ", ".join(f"{name} {number}" for name, number in versions.items())
    sizes = "; ".join(f"{name}: {shown(value)}" for name, value in setting.items())
    return (
        f"{measured}, `{facts['command']}`: {facts['processor']}, {facts['cores']} cores, "
        f"{facts['system']}, Python {facts['python']}, {versions}. {sizes[:1].upper()}{sizes[1:]}."
    )


def markdown(rows):
    """A Markdown table of dicts with the same keys.

    >>> print(markdown([{"peer": "a", "documents/s": 1234.5}]))
    | peer | documents/s |
    |---|---:|
    | a | 1,234 |
    """
    columns = list(rows[0])
    number = [any(isinstance(row[name], (int, float)) for row in rows) for name in columns]
    lines = [columns, ["---:" if right else "---" for right in number]]
    lines += [[shown(row[name]) for name in columns] for row in rows]
    first, rule, *rest = (" | ".join(line) for line in lines)
    return "\n".join([f"| {first} |", f"|{rule.replace(' ', '')}|", *(f"| {x} |" for x in rest)])


def shown(value):
    """Formats a number with significant digits only."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    return f"{value:.{digits}f}"
