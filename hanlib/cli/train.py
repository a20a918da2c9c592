"""`hanlib train`: a data set in, a trained and exported model out."""

import contextlib
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

from hanlib.cli import model_file, options, replicas, threads
from hanlib.cli.class_table import describe_classes
from hanlib.cli.errors import UsageError
from hanlib.cli.names import check_recipe, describe_presets
from hanlib.cli.run_folder import output_folder, recorded_run
from hanlib.cli.run_summary import summary
from hanlib.presets import PRESETS

# What a run that starts from a model does not take over from the recipe of that model.
_ANEW = {
    "vectors": None,
    "pretrain_epochs": 0,
    "epochs": None,
    "patience": None,
    "self_train": False,
    "ensemble": 1,
}


def add_parser(commands):
    """Adds the command."""
    from hanlib.training.recipe import Recipe

    parser = options.add_parser(
        commands, "train", "train a model on a data set, and export it for serving", run
    )
    options.add_dataset(parser, "default: demo, a generated corpus")
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder for the model (default: saved_models/<name>, or with a number where a model "
        "is there)",
    )
    parser.add_argument("--preset", metavar="NAME", help=f"{', '.join(PRESETS)} (sizes below)")
    options.add_number(parser, "--epochs", "most passes over the data")
    options.add_number(
        parser,
        "--steps",
        "steps of an epoch, in place of a pass over all documents; the next epoch continues with "
        "the following documents",
    )
    options.add_number(parser, "--seed", "random seed of the whole run")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    again.add_argument(
        "--overwrite", action="store_true", help="replace the model or unfinished run in DIR"
    )
    parser.add_argument(
        "--unlabelled",
        metavar="FILE",
        nargs="+",
        help="texts without labels, from which word vectors (--vectors own), region embeddings and "
        "the n-grams learn too, and with --pretrain or --self-train the network",
    )
    parser.add_argument(
        "--pretrain",
        metavar="EPOCHS",
        type=options.whole_number,
        help="epochs in which the model first learns to predict the words of all texts, with and "
        "without labels, from their neighbors (default: 0)",
    )
    parser.add_argument(
        "--self-train",
        action="store_const",
        const=True,
        help="train a teacher in DIR/teacher, let it label the unlabelled texts, and train the "
        "model on all texts",
    )
    text = "with --self-train: teachers, whose probabilities are averaged (default: 1)"
    options.add_number(parser, "--ensemble", text, metavar="K")
    parser.add_argument(
        "--vectors",
        metavar="own|FILE",
        help="initial word vectors: own, learned from the texts, or a file in the format of GloVe, "
        "word2vec or fastText (default: own with --unlabelled, --pretrain or --self-train, "
        "else random)",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="start from the weights of a trained model with the same classes",
    )
    parser.add_argument(
        "--class-weight",
        metavar="W",
        help="weights of the classes in the loss: balanced, or NAME=WEIGHT,NAME=WEIGHT",
    )
    options.add_set(parser, " (below)")
    options.add_task(parser)
    replicas.add_options(parser)
    _add_large(parser)
    options.add_json(parser)
    epilog = f"presets:\n{describe_presets()}\n\nfields of the recipe, for --set:\n"
    parser.epilog = f"{epilog}{Recipe.describe()}".replace("%", "%%")


def _add_large(parser):
    group = parser.add_argument_group("more documents than memory holds")
    group.add_argument(
        "--jobs",
        metavar="N",
        type=options.whole_number,
        default=threads.cores(),
        help="processes that read and tokenize files, one file at a time (default: one per core)",
    )
    group.add_argument(
        "--cache",
        metavar="FOLDER",
        help="folder for the tokens of the files, which later runs use again (default: memory, or "
        "with more than 200,000 documents the folder cache beside DIR)",
    )


def run(arguments):
    """Runs the command."""
    if arguments.task != "documents" or _has_columns(arguments):
        for name in ("steps", "cache"):
            if getattr(arguments, name) is not None:
                raise UsageError(f"--{name} needs --task documents, without --token-columns")
        from hanlib.cli.items import train

        train.run(arguments)
        return
    from hanlib.training.progress import ProgressLine

    started = time.monotonic()
    cluster = replicas.cluster(arguments)
    chief = cluster is None or cluster.index == 0
    output = output_folder(arguments, chief)
    if chief:
        options.check_writable(output)
    recorded = recorded_run(output) if arguments.resume else None
    start = _start(arguments, recorded)
    recipe = _recipe(arguments, recorded, start)
    check_recipe(recipe)
    load = _load_arguments(arguments, recipe, recorded)
    options.check_task(arguments)
    progress = ProgressLine()
    # Nothing that a library prints may get into the JSON.
    with contextlib.redirect_stdout(sys.stderr):
        result = _train(
            load,
            recipe,
            output,
            arguments.resume,
            progress,
            start,
            lambda: replicas.strategy(arguments, cluster),
            {"cache": arguments.cache, "jobs": arguments.jobs},
        )
    progress.close()
    if result is None:
        print(f"worker {cluster.index} is done; worker 0 writes the model", file=sys.stderr)
    elif arguments.json:
        print(json.dumps({"output": str(output), **result}, ensure_ascii=False))
    else:
        print(summary(result, output, time.monotonic() - started))


def _has_columns(arguments):
    """Whether the documents are split into words with columns."""
    if arguments.token_columns is not None:
        return True
    if not arguments.resume:
        return False
    recorded = recorded_run(output_folder(arguments))
    return (recorded or {}).get("dataset", {}).get("load", {}).get("item") == "document"


def _start(arguments, recorded):
    """The path of the model to start from, in full, or None."""
    if arguments.start is None:
        return (recorded or {}).get("dataset", {}).get("from")
    return os.path.abspath(model_file.model_path(arguments.start))


def _recipe(arguments, recorded, start):
    """The recorded recipe, or the default one of the data set, with what the options say.

    A run that starts from a model has the recipe of that model for a default, but with the usual
    number of epochs, and without word vectors, which the model has.
    """
    from hanlib.training.recipe import Recipe

    before = model_file.record(start, "recipe.json") if start is not None else None
    if recorded is not None:
        recipe = Recipe.from_dict(recorded["recipe"])
    elif before is not None:
        recipe = Recipe.from_dict({**before, **_ANEW})
    else:
        recipe = Recipe.for_dataset(arguments.dataset or "demo")
    given = {
        "preset": arguments.preset,
        "epochs": arguments.epochs,
        "steps_per_epoch": arguments.steps,
        "seed": arguments.seed,
        "validation_split": arguments.validation_split,
        "vectors": arguments.vectors,
        "pretrain_epochs": arguments.pretrain,
        "class_weight": arguments.class_weight,
        "self_train": arguments.self_train,
        "ensemble": arguments.ensemble,
    }
    more_texts = arguments.unlabelled or arguments.self_train or arguments.pretrain
    if given["vectors"] is None and more_texts and start is None and recorded is None:
        given["vectors"] = "own"
    given = [f"{name}={value}" for name, value in given.items() if value is not None]
    recipe = with_vector_file(recipe.with_overrides([*given, *arguments.set]))
    if arguments.unlabelled and not recipe.reads_unlabelled:
        raise UsageError(
            "--unlabelled is used with --vectors own (the default without --from), region_dim, "
            "--pretrain or --self-train. Received: none of them"
        )
    return recipe


def with_vector_file(recipe):
    """The recipe with the full path of its word vectors, for a run resumed from another folder."""
    path = recipe.vectors
    if path in (None, "own"):
        return recipe
    if not os.path.isfile(path):
        raise UsageError(f"--vectors must be own, a file, or none. No such file: {path}")
    return dataclasses.replace(recipe, vectors=os.path.abspath(path))


def _load_arguments(arguments, recipe, recorded):
    """How the data set is loaded: as recorded, where the command does not name another."""
    recorded = (recorded or {}).get("dataset", {}).get("load")
    drawn = {"validation_split": recipe.validation_split, "seed": recipe.seed}
    if recorded is not None and arguments.dataset is None:
        return {**recorded, **drawn}
    unlabelled = [os.path.abspath(path) for path in arguments.unlabelled or ()]
    given = options.load_arguments(arguments, **drawn, unlabelled=unlabelled or None)
    if recorded is not None and given["dataset"] == recorded["dataset"]:
        return {**recorded, **given}
    return given


def _train(load, recipe, output, resume, progress, start, make_strategy, large):
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.data import load as load_corpus

    if progress.terminal:
        progress.stage("reading the data set")
    corpus = load_corpus(
        **load,
        jobs=large["jobs"],
        cache=large["cache"] or output.parent / "cache",
        progress=lambda done: progress("reading the data set", done),
    )
    progress.close()
    describe_classes(corpus)
    progress.stage("loading TensorFlow")
    start_tensorflow()
    strategy = make_strategy()
    from hanlib.serving.export import export_saved_model
    from hanlib.training.run import train

    progress.close()
    more = {} if start is None else {"start": model_file.load_classifier(start)}
    try:
        return train(
            corpus,
            recipe,
            output,
            resume=resume,
            progress=progress,
            dataset={"load": load, **({} if start is None else {"from": start})},
            # Its figure is for show: nothing is chosen on the demo.
            test=load["dataset"] == "demo",
            export=lambda classifier, folder: export_saved_model(
                classifier, folder / "serving" / "1"
            ),
            strategy=strategy,
            **large,
            **more,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"`hanlib train --output {output} --resume` goes on from the last checkpoint"
        ) from None
    except FileNotFoundError as error:
        if output.exists():
            raise
        # The folder itself could not be created, as in /proc; or a file in it.
        if error.filename is not None and Path(error.filename) in (output, *output.parents):
            raise UsageError(f"--output {output}: this folder cannot be written") from error
        raise UsageError(f"the folder {output} was removed while the run wrote to it") from error
