"""Trains several models on the same documents, and compares them."""

import gc
import time
from pathlib import Path

import keras
import tensorflow as tf

import hanlib
from hanlib.checks import check_choice
from hanlib.evaluation import ComparedResult, Comparison
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.compared_models import MODELS, check_budget, check_models, recipe_of
from hanlib.training.compared_run import measure_run
from hanlib.training.errors import TrainingError
from hanlib.training.ngram_run import train_ngrams
from hanlib.training.progress import Prefixed, duration, silent
from hanlib.training.recipe import Recipe
from hanlib.training.run import train
from hanlib.training.run_cost import RunCost


def compare(
    corpus,
    output,
    models=None,
    *,
    recipe=None,
    seeds=3,
    budget=None,
    split="validation",
    progress=None,
    dataset=None,
):
    """Trains models under the same conditions, and measures all of them on the same documents.

    All models read the same training documents with the same vocabulary, and are trained for the
    same number of epochs, or the same minutes. They have the widths of word vectors and states of
    the common recipe. The networks are trained without n-grams.

    Each run is an ordinary run of `hanlib.training.train`, in the folder `MODEL-SEED` of `output`;
    it can be evaluated, explained and exported. Finished runs are not repeated, and an unfinished
    one is resumed. If a run fails, its model is listed with the error, and the others go on.

    Args:
        corpus: A `hanlib.data.Corpus`.
        output: The folder.
        models: Names in `hanlib.training.compared_models.MODELS`: "rnn", "lstm", "gru", "bigru",
            "han", "han_article", "transformer", "bag_of_words", "ngrams". None for all.
        recipe: The common `Recipe`; None for the default one of the data set. Fields that an
            encoder does not take are left out for it.
        seeds: Number of runs per model; the first has the seed of the recipe, the next the seed
            after it, and so on. All of them have the same split.
        budget: Minutes of training per run; None for the epochs of the recipe. N-grams have none.
        split: Name of the split to measure on. The epoch is always chosen on validation.
        progress: A `ProgressLine`, or None for no output.
        dataset: See `hanlib.training.train`.

    Returns:
        A `hanlib.evaluation.Comparison`.

    Raises:
        RecipeError: A model does not exist, or another argument is invalid.
        TrainingError: The corpus has no such split.

    >>> import tempfile
    >>> from hanlib.data import Corpus, Split
    >>> examples = [("A good film. Go!", "good"), ("A bad film. Stay.", "bad")] * 8
    >>> splits = {name: Split(lambda: iter(examples), 16) for name in ("train", "validation")}
    >>> corpus = Corpus("films", ("bad", "good"), False, splits)
    >>> found = compare(corpus, tempfile.mkdtemp(), ["ngrams"], seeds=1)
    >>> found.results[0].score
    1.0
    """
    names = check_models(MODELS if models is None else models)
    check_budget(seeds, budget)
    check_choice("split", split, corpus.splits, error=TrainingError)
    runs = _Runs(corpus, Path(output), split, progress or silent, dataset, len(names) * seeds)
    recipe = Recipe.for_dataset(corpus.name) if recipe is None else recipe
    known = {"documents": corpus.splits["train"].size, "binary": corpus.binary}
    results = [
        runs.of_model(
            name,
            [recipe_of(name, recipe, recipe.seed + n, budget, **known) for n in range(seeds)],
        )
        for name in names
    ]
    about = {
        "dataset": corpus.name,
        "split": split,
        "metric": "micro_f1" if corpus.multi_label else "accuracy",
        "documents": {name: part.size for name, part in corpus.splits.items()},
        "seeds": seeds,
        "budget_minutes": budget,
        "versions": {
            "hanlib": hanlib.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
    }
    return Comparison(about, tuple(results))


class _Runs:
    """Trains and measures one run after the other."""

    def __init__(self, corpus, output, split, progress, dataset, total):
        self.corpus, self.output, self.split = corpus, output, split
        self.progress, self.dataset, self.total = progress, dataset, total
        self.done, self.trained, self.seconds = 0, 0, 0.0

    def of_model(self, name, recipes):
        """The `ComparedResult` of a model; a failed run is its last."""
        runs, error = [], None
        for number, recipe in enumerate(recipes):
            try:
                runs.append({"seed": recipe.seed, **self._run(name, recipe)})
            except Exception as failure:  # Whatever it was, the other models can be compared.
                error = f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}"
                self.progress.note(f"{name}, seed {recipe.seed} failed: {error}")
                self.done += len(recipes) - number
                break
        return ComparedResult(name, MODELS[name].about, tuple(runs), error)

    def _run(self, name, recipe):
        label = f"{self.done + 1}/{self.total} {name}, seed {recipe.seed}"
        progress, began = Prefixed(self.progress, label), time.monotonic()
        folder = self.output / f"{name}-{recipe.seed}"
        new = not (folder / "metrics.json").exists()
        # A run that goes on from a checkpoint costs less than a whole one.
        whole = new and not Checkpoint(folder).has_state
        options = {"progress": progress, "dataset": self.dataset}
        with RunCost() as cost:
            if name == "ngrams":
                train_ngrams(self.corpus, recipe, folder, **options)
            else:
                train(self.corpus, recipe, folder, resume=True, **options)
        gc.collect()  # A model has cycles of references, and its graphs take much memory.
        measured = measure_run(
            *(folder, self.corpus.splits[self.split], self.split, progress),
            cost=cost if whole else None,
        )
        self.done += 1
        if new:
            self.trained, self.seconds = self.trained + 1, self.seconds + time.monotonic() - began
        self.progress.note(f"{label}: {self.split} {measured['score']:.4f}{self._left()}")
        return measured

    def _left(self):
        """The estimated time for the remaining runs."""
        ahead = self.total - self.done
        if not (ahead and self.trained):
            return ""
        return f"; about {duration(ahead * self.seconds / self.trained)} left for {ahead} runs"
