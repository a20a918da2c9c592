"""The pipeline of `hanlib score`: files, documents, answers, files."""

import json
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from hanlib.beam import outputs
from hanlib.beam.classify import Classify
from hanlib.beam.rows import Reading, ReadRows, dead
from hanlib.serving.records import joined

ANSWERS, DEAD, FINISHED = "answers", "dead", "finished.json"


class Job(NamedTuple):
    """What to score, and where to write it.

    Attributes:
        files: Paths of the input.
        reading: The `Reading` of the rows.
        classify: The `Classify`.
        destination: The folder of the output.
        form: The format of the answers.
        sample: A record with all columns of the output.
        with_text: Whether the text is written too.
        shards: The number of files of answers, or 0 to let the runner choose.
    """

    files: list[str]
    reading: Reading
    classify: Classify
    destination: str
    form: str
    sample: dict[str, Any]
    with_text: bool = True
    shards: int = 0


def build(pipeline, job):
    """Adds the transforms of a `Job` to a Beam pipeline.

    The last step compares the counts and writes `finished.json`, after all other files have their
    final names. It fails if read rows are not scored plus dead rows.
    """
    rows = _read(pipeline, job)
    found = rows.documents | "Spread documents" >> beam.Reshuffle() | "Classify" >> job.classify
    answers = found.answers | "Record" >> beam.Map(_record, job.with_text)
    rejected = found.failures | "Rejected" >> beam.MapTuple(_dead)
    lost = (rows.dead, rejected) | "Dead" >> beam.Flatten()
    prefixes = [FileSystems.join(job.destination, name) for name in (ANSWERS, DEAD)]
    written = answers | "Write answers" >> _Write(prefixes[0], job.form, job.sample, job.shards)
    written_dead = lost | "Write dead" >> _Write(prefixes[1], "jsonl", dead("", 1, ""), 1)
    counts = [
        rows.read | "Rows" >> beam.CombineGlobally(sum),
        answers | "Answers" >> beam.combiners.Count.Globally(),
        lost | "Losses" >> beam.combiners.Count.Globally(),
    ]
    _ = (
        pipeline
        | "End" >> beam.Create([job.destination])
        | "Finish"
        >> beam.Map(
            finish,
            *map(beam.pvalue.AsSingleton, counts),
            *map(beam.pvalue.AsList, (written, written_dead)),
        )
    )


def _read(pipeline, job):
    paths = pipeline | "Files" >> beam.Create(job.files, reshuffle=False)
    paths = paths | "Spread files" >> beam.Reshuffle()
    return paths | "Read" >> beam.ParDo(ReadRows(job.reading)).with_outputs(
        "dead", "read", main="documents"
    )


class _Write(beam.PTransform):
    def __init__(self, *arguments):
        super().__init__()
        self.arguments = arguments

    def expand(self, records):
        return outputs.write(records, *self.arguments)


def _record(found, with_text):
    (_, record), answer = found
    record = joined(record, answer)
    if not with_text:
        del record["text"]
    return record


def _dead(key, reason):
    line, record = key
    return dead(record["file"], line, reason)


def finish(destination, read, scored, lost, files, dead_files):
    """Checks that the counts add up, and writes `finished.json`."""
    if read != scored + lost:
        raise RuntimeError(f"{read} rows were read, but {scored} scored and {lost} dead")
    names = sorted(FileSystems.split(path)[1] for path in [*files, *dead_files])
    counts = {"read": read, "scored": scored, "dead": lost, "files": names}
    path = FileSystems.join(destination, FINISHED)
    with FileSystems.create(f"{path}.writing") as file:
        file.write(json.dumps(counts, indent=1).encode())
    FileSystems.rename([f"{path}.writing"], [path])
