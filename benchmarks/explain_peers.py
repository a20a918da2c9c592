"""Explanation methods beside LIME and SHAP: comprehensiveness at words, and time per document.

    pip install lime shap
    python benchmarks/explain_peers.py saved_models/imdb_5000

The model is trained first if the folder is new: on the first 5,000 training reviews of IMDB. The
documents are training reviews that it was not trained on. LIME (Ribeiro et al. 2016) and SHAP
(Lundberg and Lee 2017, `PartitionExplainer`) call `predict_proba` with texts from which words are
removed, as often as --calls says. All methods score the same words, and the words with the highest
scores are removed from the ids for the measurement (see docs/explanations.md). Times are processor
times. The data set is read from TFDS_DATA_DIR if it is set.
"""

import argparse
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imdb_sample
import lime.lime_text
import numpy as np
import shap

from hanlib.explain import METHODS
from hanlib.explain.documents import Documents
from hanlib.explain.faithfulness import Perturbations
from hanlib.explain.faithfulness_table import mean_with_interval
from hanlib.explain.inputs import read_inputs
from hanlib.explain.network import network_of
from hanlib.explain.targets import predicted

# The first one is the default method, with which the times are compared.
OWN = (
    *("gradients_by_level", "gradient_x_attention", "integrated_gradients", "leave_one_out"),
    *("attention", "random"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of the model; it is trained if it is new")
    parser.add_argument("--documents", type=int, default=200, help="reviews to explain")
    parser.add_argument("--calls", type=int, nargs="+", default=[100, 300, 1000])
    arguments = parser.parse_args()
    names = ("tensorflow", "keras", "numpy", "lime", "shap")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores", flush=True)
    classifier = imdb_sample.classifier(arguments.model)
    texts = imdb_sample.unseen_texts(arguments.documents)
    documents, surfaces = read_inputs(classifier, texts)
    network = network_of(classifier)
    methods = {name: own_scores(network, documents, METHODS[name]) for name in OWN}
    for calls in arguments.calls:
        methods[f"LIME, {calls:,} calls"] = peer_scores(lime_scores, classifier, surfaces, calls)
    for calls in arguments.calls:
        methods[f"SHAP, {calls:,} calls"] = peer_scores(shap_scores, classifier, surfaces, calls)
    whole = METHODS["random"](network, documents, predicted(documents.count))
    perturbations = Perturbations(network, documents, whole, rankings=5)
    print(f"\n{len(texts)} reviews, {len(documents.words) / len(texts):.0f} words each\n")
    print("| method | comprehensiveness, words | seconds per document | times gradients_by_level |")
    print("|---|---|---|---|")
    default = None
    for name, score in methods.items():
        words, seconds = score()
        default = default or seconds  # The first method.
        measured = perturbations.measure("word", whole._replace(words=words))
        mean, low, high = mean_with_interval(measured.comprehensiveness[:, 0])
        cells = f"{mean:.3f} ({low:.3f} to {high:.3f}) | {seconds:.3f} | {seconds / default:.1f}"
        print(f"| {name} | {cells} |", flush=True)


def own_scores(network, documents, function):
    """A function that returns the word scores of a method, and the seconds per document."""

    def score():
        run_by_run(network, documents.take([0]), function)  # Traces the graph.
        start = time.process_time()
        words = run_by_run(network, documents, function)
        return words, (time.process_time() - start) / documents.count

    return score


def run_by_run(network, documents, function):
    """The word scores, in batches of 32 documents."""
    found = []
    for start in range(0, documents.count, 32):
        some: Documents = documents.take(np.arange(start, min(start + 32, documents.count)))
        found.append(function(network, some, predicted(some.count)).words)
    return np.concatenate(found)


def peer_scores(function, classifier, surfaces, calls):
    """The same for a function `(predict_proba, surface, target, calls)` of one document."""

    def score():
        targets = classifier.predict_proba([surface.text for surface in surfaces]).argmax(axis=1)
        start = time.process_time()
        words = [
            function(classifier.predict_proba, surface, int(target), calls)
            for surface, target in zip(surfaces, targets, strict=True)
        ]
        return np.concatenate(words), (time.process_time() - start) / len(surfaces)

    return score


def lime_scores(predict_proba, surface, target, calls):
    """The weight that LIME gives to each word, with removal of words instead of a mask."""
    spans = known_spans(surface)
    explainer = lime.lime_text.LimeTextExplainer(
        split_expression=lambda text: [text[start:end] for start, end in spans],
        bow=False,
        mask_string="",
        feature_selection="none",
        random_state=0,
    )
    found = explainer.explain_instance(
        surface.text, predict_proba, labels=[target], num_features=len(spans), num_samples=calls
    )
    scores = np.zeros(len(spans))
    for place, weight in found.as_map()[target]:
        scores[place] = weight
    return scores


def shap_scores(predict_proba, surface, target, calls):
    """The Shapley value of each word by `PartitionExplainer`."""
    spans = known_spans(surface)

    def tokenizer(text, return_offsets_mapping=True):
        # SHAP also asks for the tokens of the mask.
        of_text = spans if text == surface.text else [(0, len(text))] * bool(text)
        return {"input_ids": [text[s:e] for s, e in of_text], "offset_mapping": list(of_text)}

    masker = shap.maskers.Text(tokenizer, mask_token=" ", collapse_mask_token=False)
    explainer = shap.PartitionExplainer(predict_proba, masker)
    found = explainer([surface.text], max_evals=calls, batch_size=50, silent=True)
    return np.asarray(found.values[0])[:, target]


def known_spans(surface):
    """The spans of the words; a word without one has an empty span after the previous word."""
    spans, at = [], 0
    for start, end in surface.word_spans():
        spans.append((at, at) if start is None else (start, end))
        at = spans[-1][1]
    return spans


if __name__ == "__main__":
    main()
