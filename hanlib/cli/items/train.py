"""`hanlib train` on documents that are split: labels of sentences or words, or word columns."""

import contextlib
import json
import os
import sys
import time

from hanlib.cli import options
from hanlib.cli.errors import UsageError
from hanlib.cli.run_folder import output_folder, recorded_run
from hanlib.cli.run_summary import item_summary

_ITEMS = {"documents": "document", "sentences": "sentence", "tokens": "word"}
# Options of the command that have no meaning for these tasks.
_OTHER = ("unlabelled", "self_train", "ensemble", "start", "multi_label")
_OTHER += ("text_column", "split_column", "label_separator", "workers", "devices")


def run(arguments):
    """Runs the command."""
    from hanlib.training.recipe import Recipe
    from hanlib.training.task_defaults import item_recipe

    started = time.monotonic()
    for name in _OTHER:
        if getattr(arguments, name) is not None:
            option = {"start": "from"}.get(name, name).replace("_", "-")
            raise UsageError(f"--{option} must not be given with {_task_option(arguments)}")
    output = output_folder(arguments)
    options.check_writable(output)
    recorded = recorded_run(output) if arguments.resume else None
    if arguments.dataset is None and recorded is None:
        raise UsageError(f"DATASET must be given with {_task_option(arguments)}")
    recipe = item_recipe(arguments.task)
    if recorded is not None:
        recipe = Recipe.from_dict(recorded["recipe"])
    recipe = _with_options(recipe, arguments)
    load = load_arguments(arguments, (recorded or {}).get("dataset", {}).get("load"))
    load = {**load, "validation_split": recipe.validation_split, "seed": recipe.seed}
    with contextlib.redirect_stdout(sys.stderr):
        result = _train(load, recipe, output, arguments.resume)
    if arguments.json:
        print(json.dumps({"output": str(output), **result}, ensure_ascii=False))
    else:
        print(item_summary(result, output, time.monotonic() - started))


def _task_option(arguments):
    documents = arguments.task == "documents"
    return "--token-columns" if documents else f"--task {arguments.task}"


def _with_options(recipe, arguments):
    from hanlib.cli.train import with_vector_file

    names = ("preset", "epochs", "seed", "validation_split", "class_weight", "vectors")
    given = [f"{n}={getattr(arguments, n)}" for n in names if getattr(arguments, n) is not None]
    return with_vector_file(recipe.with_overrides([*given, *arguments.set]))


def load_arguments(arguments, recorded=None):
    """The arguments of `hanlib.data.load_items`: as recorded, where the command gives none."""
    given = {
        "path": None if arguments.dataset is None else os.path.abspath(arguments.dataset),
        "item": _ITEMS.get(getattr(arguments, "task", None)),
        "validation": getattr(arguments, "validation", None),
        "label_column": arguments.label_column,
        "token_columns": token_columns(arguments.token_columns),
        "encoding": arguments.encoding,
    }
    if given["validation"] is not None:
        given["validation"] = os.path.abspath(given["validation"])
    return {**(recorded or {}), **{name: v for name, v in given.items() if v is not None}}


def token_columns(text):
    """The columns that --token-columns names, or None."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _train(load, recipe, output, resume):
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.data.items import load_items
    from hanlib.training.progress import ProgressLine

    progress = ProgressLine()
    corpus = load_items(**load, split_text=split_text)
    for note in corpus.notes:
        progress.note(note)
    progress.stage("loading TensorFlow")
    start_tensorflow()
    from hanlib.training.items import train_items

    progress.close()
    try:
        return train_items(
            corpus,
            recipe,
            output,
            resume=resume,
            progress=progress,
            dataset={"load": load},
            export=lambda model, folder: model.export(folder / "serving" / "1"),
        )
    except KeyboardInterrupt:
        again = f"`hanlib train --task {recipe.task} --output {output} --resume`"
        raise KeyboardInterrupt(f"{again} goes on from the last checkpoint") from None
    finally:
        progress.close()


def split_text(text):
    """`hanlib.models.words_with_spans`, which is only imported for files with spans."""
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    from hanlib.models import words_with_spans

    return words_with_spans(text)
