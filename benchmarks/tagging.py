"""Accuracy and speed of the labels of words and sentences.

    python benchmarks/tagging.py
    python benchmarks/tagging.py --tables speed --sentences 2000

prints up to three tables:

- `chunks`: precision, recall and F1 of the chunks of CoNLL-2000 on a tenth of its training
  sentences, with and without the given parts of speech;
- `roles`: accuracy and macro-F1 of the roles of the sentences of abstracts (CSAbstruct) on a tenth
  of its training abstracts;
- `speed`: words per second in training, for words that are labeled and for documents that are
  classified, on the same texts. The models take turns; a figure is the median over the rounds,
  after one pass in which the graphs are traced.

The tenths are drawn from the training files. The epoch is chosen on the same tenth. Other files are
not read.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import report

from hanlib.cli.quiet import start_tensorflow

CHUNKS, ROLES = "conll2000_train.txt", "csabstruct.train.jsonl"
# Sentences that make up a document, where documents are classified.
SENTENCES_PER_DOCUMENT = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", default="chunks,roles,speed", help="which tables to measure")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="of the files")
    parser.add_argument(
        "--epochs", type=int, help="of the first two tables (default: the recipe's)"
    )
    parser.add_argument("--sentences", type=int, default=2_000, help="of the table of speed")
    parser.add_argument(
        "--models", default="words,many_words,flat,han,train", help="of the table of speed"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of the table of speed")
    report.add_arguments(parser)
    arguments = parser.parse_args()
    start_tensorflow()
    makers = {"chunks": chunk_rows, "roles": role_rows, "speed": speed_rows}
    titles = {"chunks": "Chunks", "roles": "Roles of sentences", "speed": "Speed of training"}
    tables = [
        (titles[name], make(arguments))
        for name, make in makers.items()
        if name in arguments.tables.split(",")
    ]
    setting = {"validation": "a tenth of the training file"}
    if "speed" in arguments.tables:
        setting |= {"sentences": arguments.sentences, "rounds": arguments.rounds}
    report.publish("tagging", setting, tables, arguments)


def chunk_rows(arguments):
    rows = []
    for name, columns in (("words and their spelling", ()), ("parts of speech too", ("2",))):
        corpus = load(arguments, CHUNKS, "word", token_columns=columns)
        record = trained(corpus, "tokens", arguments)
        scores = record["validation"]["chunks"]
        rows.append(
            {
                "read": name,
                **{score: round(scores[score], 4) for score in ("precision", "recall", "f1")},
                "minutes": record["seconds"] / 60,
            }
        )
    return rows


def role_rows(arguments):
    rows = []
    for name, settings in (("`hanlib train`", {}), ("without n-grams", {"ngrams": 0})):
        record = trained(load(arguments, ROLES, "sentence"), "sentences", arguments, **settings)
        scores = record["validation"]
        rows.append(
            {
                "model": name,
                "accuracy": round(scores["accuracy"], 4),
                "macro f1": round(scores["macro_f1"], 4),
                "minutes": record["seconds"] / 60,
            }
        )
    return rows


def load(arguments, name, item, **options):
    from hanlib.data import load_items

    return load_items(arguments.folder / name, item, seed=arguments.seed, **options)


def trained(corpus, task, arguments, **settings):
    """The record of a training run."""
    from hanlib.training import item_recipe
    from hanlib.training.items import train_items

    if arguments.epochs is not None:
        settings["epochs"] = arguments.epochs
    recipe = item_recipe(task, seed=arguments.seed, **settings)
    with tempfile.TemporaryDirectory() as folder:
        return train_items(corpus, recipe, folder)


def speed_rows(arguments):
    corpus = load(arguments, CHUNKS, "word", validation_split=0)
    examples = corpus.splits["train"][: arguments.sentences]
    words = sum(len(sentence) for sentence, _ in examples)
    chosen = arguments.models.split(",")
    runs = {
        title: make(corpus, examples)
        for key, (title, make) in SPEED_MODELS.items()
        if key in chosen
    }
    seconds = {name: [] for name in runs}
    for _ in range(1 + arguments.rounds):
        for name, (model, batches) in runs.items():
            began = time.perf_counter()
            model.fit(batches, epochs=1, verbose=0)
            seconds[name].append(time.perf_counter() - began)
            print(f"{name}: {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
    speeds = {name: words / statistics.median(found[1:]) for name, found in seconds.items()}
    first = next(iter(speeds.values()))
    return [
        {
            "model": name,
            "words/step": words / runs[name][1].steps,
            "words/s": speed,
            "of labeled words": speed / first,
        }
        for name, speed in speeds.items()
    ]


def tagger(corpus, examples, batch_size=32):
    """A tagger with the recipe of `hanlib train --task tokens`, and its batches."""
    from hanlib.data import ItemCorpus
    from hanlib.training import item_recipe
    from hanlib.training.item_builders import build_item_classifier, compile_item_classifier

    recipe = item_recipe("tokens").for_documents(len(examples))
    part = ItemCorpus(corpus.name, corpus.item, corpus.classes, (), {"train": examples})
    model = build_item_classifier(recipe, part)
    compile_item_classifier(model, recipe, 10_000, bio=True)
    sentences, labels = (list(part) for part in zip(*examples, strict=True))
    return model, model.batches(sentences, labels, batch_size, seed=0)


def large_tagger(corpus, examples):
    return tagger(corpus, examples, 32 * SENTENCES_PER_DOCUMENT)


def flat_classifier(corpus, examples):
    """The network of the tagger, without the spelling of words, on documents."""
    settings = {"encoder": "flat_recurrent", "embedding_dim": 100, "units": 100, "score": "mean"}
    return classifier(examples, adversarial_norm=0.0, **settings)


def han_classifier(corpus, examples):
    return classifier(examples, adversarial_norm=0.0)


def adversarial_han(corpus, examples):
    return classifier(examples)


def classifier(examples, **settings):
    """A classifier of documents of some of the sentences each, and its batches."""
    from hanlib.training import Recipe
    from hanlib.training.builders import build_classifier, build_vectorizer, compile_classifier

    recipe = Recipe(batch_size=32, **settings).for_documents(len(examples))
    sentences = [sentence for sentence, _ in examples]
    starts = range(0, len(sentences), SENTENCES_PER_DOCUMENT)
    documents = [sentences[start : start + SENTENCES_PER_DOCUMENT] for start in starts]
    vectorizer = build_vectorizer(recipe)
    vectorizer.adapt_words(sentences)
    model = build_classifier(recipe, vectorizer, ["a", "b"], multi_label=False)
    compile_classifier(model, recipe, 10_000)
    labels = ["ab"[index % 2] for index in range(len(documents))]
    return model, model.batches(documents, labels, recipe.batch_size, seed=0)


# The models of the table of speed, by the names that `--models` takes.
SPEED_MODELS = {
    "words": ("words: `hanlib train --task tokens`", tagger),
    "many_words": ("words: as many per step as with documents", large_tagger),
    "flat": ("documents: the same network, pooled", flat_classifier),
    "han": ("documents: HAN without the adversary", han_classifier),
    "train": ("documents: `hanlib train`", adversarial_han),
}


if __name__ == "__main__":
    sys.exit(main())
