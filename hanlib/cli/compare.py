"""`hanlib compare`: several models on one data set, in one table."""

import contextlib
import sys
from pathlib import Path

from hanlib.cli import options
from hanlib.cli.names import check_recipe


def add_parser(commands):
    """Adds the command."""
    from hanlib.training.compared_models import MODELS

    parser = options.add_parser(
        commands, "compare", "train several models under the same conditions, in one table", run
    )
    options.add_dataset(parser, "default: demo, a generated corpus")
    parser.add_argument(
        "--models",
        metavar="NAMES",
        default=",".join(MODELS),
        help="names with commas between them (default: all of those below)",
    )
    options.add_number(parser, "--seeds", "runs per model, each with its own seed", 3)
    parser.add_argument(
        "--budget",
        metavar="MINUTES",
        type=float,
        help="minutes of training per run (default: the epochs of the recipe)",
    )
    parser.add_argument(
        "--split",
        choices=("validation", "test"),
        default="validation",
        help="the documents to measure on (default: validation)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder of the runs; finished runs in it are used again (default: comparisons/<name>)",
    )
    options.add_set(parser, " of all models (see `hanlib train --help`)")
    parser.add_argument("--html", metavar="FILE", help="write a page with tables and pictures")
    options.add_json(parser)
    width = max(map(len, MODELS))
    listed = "\n".join(f"{name:<{width}}  {model.about}" for name, model in MODELS.items())
    parser.epilog = f"models:\n{listed}"


def run(arguments):
    """Runs the command; the exit code is 1 if every model failed."""
    from hanlib.training.compared_models import check_budget, check_models

    models = check_models(filter(None, map(str.strip, arguments.models.split(","))))
    check_budget(arguments.seeds, arguments.budget)
    recipe = _recipe(arguments)
    output = Path(arguments.output or _default_output(arguments.dataset or "demo"))
    options.check_writable(output)
    if arguments.html is not None:
        options.check_writable_file(arguments.html)
    # Nothing that a library prints may get into the JSON.
    with contextlib.redirect_stdout(sys.stderr):
        found = _compare(arguments, models, recipe, output)
    if arguments.html is not None:
        found.write_html(arguments.html)
    print(found.to_json() if arguments.json else found.to_text())
    return 0 if found.trained else 1


def _recipe(arguments):
    from hanlib.training.recipe import Recipe

    split = arguments.validation_split
    given = [] if split is None else [f"validation_split={split}"]
    recipe = Recipe.for_dataset(arguments.dataset or "demo")
    recipe = recipe.with_overrides([*given, *arguments.set])
    check_recipe(recipe)
    return recipe


def _default_output(dataset):
    return Path("comparisons") / options.default_output(dataset).name


def _compare(arguments, models, recipe, output):
    from hanlib.cli.quiet import start_tensorflow
    from hanlib.data import load
    from hanlib.training.progress import ProgressLine

    given = options.load_arguments(
        arguments, validation_split=recipe.validation_split, seed=recipe.seed
    )
    progress, corpus = ProgressLine(), load(**given)
    progress.stage("loading TensorFlow")
    start_tensorflow()
    from hanlib.training.comparison import compare

    try:
        return compare(
            corpus,
            output,
            models,
            recipe=recipe,
            seeds=arguments.seeds,
            budget=arguments.budget,
            split=arguments.split,
            progress=progress,
            dataset={"load": given},
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"the same command goes on; finished runs are in {output}"
        ) from None
    finally:
        progress.close()
