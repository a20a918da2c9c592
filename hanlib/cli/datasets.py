"""`hanlib datasets`: the catalog."""

import dataclasses
import json

from hanlib.cli import options


def add_parser(commands):
    """Adds the command."""
    options.add_json(
        options.add_parser(commands, "datasets", "list the data sets of the catalog", run)
    )


def run(arguments):
    """Runs the command."""
    from hanlib.data import describe

    records = describe()
    if arguments.json:
        print(json.dumps({"datasets": [dataclasses.asdict(record) for record in records]}))
        return
    for record in records:
        ready = "ready" if record.prepared else "to be downloaded"
        print(f"{record.name} ({ready})")
        print(f"  {record.description}")
        print(f"  {record.documents}; classes: {', '.join(record.classes)}")
        print(f"  {record.source}")
    print("\nA file (CSV, TSV, JSONL, Parquet) or a folder with one folder per class also works.")
