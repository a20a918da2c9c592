"""`hanlib agreement`: compares the evidence that two people marked in the same documents."""

import json

from hanlib.cli import mark, options

_LISTED, _SHOWN = 5, 60


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(
        commands, "agreement", "compare the evidence that two people marked", run
    )
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name.upper(), help=f"file of the {name} marker")
    mark.add_columns(parser)
    options.add_json(parser)


def run(arguments):
    """Runs the command."""
    from hanlib.cli.errors import UsageError
    from hanlib.evaluation import marker_agreement

    paths = arguments.first, arguments.second
    files = [
        [(found.text, found.label, found.evidence) for found in mark.read(path, arguments)]
        for path in paths
    ]
    try:
        found = marker_agreement(*files)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if arguments.json:
        print(json.dumps(found.to_dict()))
    else:
        print("\n".join(_report(found, paths)))
    return 0


def _report(found, paths):
    from hanlib.evidence.characters import truncated

    yield f"{len(found.texts):,} documents that both have marked"
    for path, share in zip(paths, found.marked, strict=True):
        yield f"  {100 * share:5.1f} % of the words are marked in {path}"
    yield ""
    yield f"  {'':<14}  {'value':>6}  95 % interval"
    for name, value, interval in found.rows():
        yield f"  {name:<14}  {value:>6}  {interval}".rstrip()
    shares = _agreement_of_documents(found)
    least = sorted(range(len(shares)), key=lambda index: shares[index])[:_LISTED]
    if any(shares[index] < 1 for index in least):
        yield "\n  least agreement (IoU of the words)"
        for index in least:
            if shares[index] < 1:
                yield f"  {shares[index]:5.2f}  {truncated(found.texts[index], _SHOWN)}"


def _agreement_of_documents(found):
    """The IoU of the words of each document; 1 if both marked nothing."""
    marked = found.counts[:, :3].sum(axis=1)
    return [
        both / words if words else 1.0
        for both, words in zip(found.counts[:, 0], marked, strict=True)
    ]
