"""Display records: explanations with numbers formatted as text and scores converted to shades.

Notebooks and single pages (`html.py`), the report and the page of the server (`explanation.js`),
and the terminal all render this record without further computation.
"""

import dataclasses

from hanlib.evidence import formatting
from hanlib.evidence.characters import on_one_line, truncated
from hanlib.evidence.label_names import label_names
from hanlib.evidence.methods import METHODS, get_method
from hanlib.evidence.passages import passages
from hanlib.evidence.shading import largest, level, share, weights

CLASSES_SHOWN = 6
# Columns of the text of an item.
_ITEM_COLUMNS = 60
TRUST = {
    "unmeasured": "How faithful the scores are was not measured.",
    "note": "Points: the mean decrease of the probability of the class, in percentage points, when "
    "the strongest 1, 5, 10, 20 and 50 % are removed, compared with random ones.",
}


def display_record(explanation):
    """Converts an explanation to dicts, lists and strings that can be written as JSON.

    Returns:
        A dict with these keys:

        - label, true: class names; true is None if it is unknown;
        - target: the class that the scores refer to, as text that also names the class that it is
          compared with;
        - wrong: whether the label differs from the true one; None if that is unknown;
        - method: a name in `METHODS`, or a dict of the fields of another `Method`;
        - classes: `[name, percentage, width of the bar, remark, whether predicted]` of the most
          probable classes; further: the number of other classes;
        - trust: a sentence for each level whose faithfulness was measured;
        - figures: `[name, value]` of detailed measurements;
        - notes: sentences on the item that is labeled, on a comparison of two classes, and on
          omitted words and sentences;
        - passages: `[score, width of the bar, level, runs]` for a sentence, a string for the text
          between sentences. A run is `[text, level, score]` for a shaded word, else a string.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Good!", 0.7, (Word("Good", 0.4, 0, 4),), 0, 5)
    >>> explanation = Explanation("Good!", "pos", {"pos": 1.0}, "pos", "random", (sentence,))
    >>> display_record(explanation)["passages"]
    [['+0.700', 100, 5, [['Good', 5, '+0.400'], '!']]]
    """
    method, correct = get_method(explanation.method), explanation.correct
    return {
        "label": formatting.label(explanation.label),
        "true": None if correct is None else formatting.label(explanation.true_label),
        "wrong": None if correct is None else not correct,
        "target": formatting.target(explanation),
        "method": explanation.method if explanation.method in METHODS else described(method),
        **_classes(explanation),
        "trust": list(_trust(explanation)),
        "figures": [*_faithfulness_figures(explanation), *_diagnostics(explanation)],
        "notes": [*_item(explanation), *_contrast(explanation, method), *_notes(explanation)],
        "passages": _passages(explanation, method),
    }


def described(method):
    """A `Method` as a dict, for the script.

    >>> described(METHODS["random"])["title"]
    'Random scores'
    """
    return {**dataclasses.asdict(method), "legend": method.legend}


def method_of(record):
    """The `Method` of a display record.

    >>> method_of({"method": "random"}).title
    'Random scores'
    """
    name = record["method"]
    return METHODS[name] if isinstance(name, str) else get_method(name["title"])


def _item(explanation):
    """Which sentence or word the label belongs to."""
    item = explanation.item
    if item is not None:
        text = truncated(item.text, _ITEM_COLUMNS)
        yield f"The label is that of the {item.kind} with the index {item.index}: “{text}”."


def _contrast(explanation, method):
    """What scores and points mean if two classes are compared."""
    if explanation.against is None:
        return
    target, against = formatting.label(explanation.target), formatting.label(explanation.against)
    if method.signed:
        yield f"Here, what speaks against the class speaks for {against}."
    if explanation.faithfulness:
        yield f"Points refer to the probability of {target}, if only {target} and {against} count."


def _notes(explanation):
    for unit, count in explanation.omitted.items():
        if count:
            yield f"{count:,} further {on_one_line(unit)} were read and are not shown."


def _classes(explanation):
    """The most probable classes, the explained one and the true ones."""
    true, given = (
        set(map(str, label_names(label))) for label in (explanation.true_label, explanation.label)
    )
    ranked = sorted(explanation.probabilities.items(), key=lambda item: -item[1])
    rows = []
    for rank, (name, probability) in enumerate(ranked):
        explained = str(name) == str(explanation.target) and str(name) not in given
        remarks = ["explained"] * explained + ["true"] * (str(name) in true)
        if explanation.against is not None and str(name) == str(explanation.against):
            remarks.append("compared")
        if rank < CLASSES_SHOWN or remarks:
            width = round(100 * share(probability, 1.0))
            text = formatting.percent(probability)
            row = [formatting.label(name), text, width, ", ".join(remarks), str(name) in given]
            rows.append(row)
    return {"classes": rows, "further": len(ranked) - len(rows)}


def trust_sentences(record):
    """The sentences of a display record on faithfulness.

    >>> trust_sentences({"trust": []})
    ['How faithful the scores are was not measured.']
    """
    return [*record["trust"], TRUST["note"]] if record["trust"] else [TRUST["unmeasured"]]


def _trust(explanation):
    for name, measured in explanation.faithfulness.items():
        better = measured.comprehensiveness > measured.comprehensiveness_interval[1]
        drop, random = measured.comprehensiveness, measured.random_comprehensiveness
        yield (
            f"{on_one_line(name).capitalize()}s: {'' if better else 'not '}better than chance, "
            f"{_points(drop)} against {_points(random)} points."
        )


def _points(drop):
    return f"{round(100 * drop, 1) + 0.0:.1f}"


def _faithfulness_figures(explanation):
    number = formatting.number
    for name, measured in explanation.faithfulness.items():
        low, high = map(number, measured.comprehensiveness_interval)
        yield (
            f"{on_one_line(name).capitalize()}s",
            f"comprehensiveness {number(measured.comprehensiveness)}, random "
            f"{number(measured.random_comprehensiveness)} ({low} to {high}); sufficiency "
            f"{number(measured.sufficiency)}, random {number(measured.random_sufficiency)}; "
            f"{measured.passes:,} passes",
        )


def _diagnostics(explanation):
    for name, value in explanation.diagnostics.items():
        yield on_one_line(name).replace("_", " ").capitalize(), formatting.diagnostic(value)


def _passages(explanation, method):
    scores = [sentence.score for sentence in explanation.sentences]
    most = largest(scores)
    most_weight = largest(w for s in explanation.sentences for w in weights(s, method))
    most_word = largest(word.score for word in explanation.words)
    found = []
    for passage in passages(explanation):
        sentence = passage.sentence
        if sentence is None:
            found.append(passage.text)
            continue
        levels = [level(weight, most_weight) for weight in weights(sentence, method)]
        found.append(
            [
                formatting.score(sentence.score, method, most),
                round(100 * abs(share(sentence.score, most))),
                level(sentence.score, most),
                _runs(passage.runs, levels, lambda w: formatting.score(w.score, method, most_word)),
            ]
        )
    return found


def _runs(runs, levels, score):
    """The shaded words, and the text between them as strings."""
    levels, joined = iter(levels), []
    for text, word in runs:
        strength = 0 if word is None else next(levels)
        if strength:
            joined.append([text, strength, score(word)])
        elif joined and isinstance(joined[-1], str):
            joined[-1] += text
        elif text:
            joined.append(text)
    return joined
