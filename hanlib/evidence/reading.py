"""One explanation as a reader needs it: every figure in words, every score as a shade.

The page (`html.py`), the report (`report.js`) and the comparison draw what stands here; none of
them computes anything.
"""

from hanlib.evidence import figures
from hanlib.evidence.characters import on_one_line
from hanlib.evidence.methods import method_of
from hanlib.evidence.passages import passages
from hanlib.evidence.shading import level, share, strongest

CLASSES_SHOWN = 6


def reading(explanation):
    """The explanation in dicts, lists and strings, ready for JSON.

    Keys: label, true, wrong, target, method, signed, legend (sentences on the
    colours), notes (sentences on the method), classes
    `[name, figure, percent, marks]`, facts `[name, value]`, and passages: for a sentence
    `[figure, percent, level, runs]`, for what stands between sentences a string. Runs are
    `[text, level, figure]` for a word and a string between words.

    >>> from hanlib.evidence import Explanation, Sentence, Word
    >>> sentence = Sentence("Good!", 0.7, (Word("Good", 0.4, 0, 4),), 0, 5)
    >>> reading(Explanation("Good!", "pos", {"pos": 1.0}, "pos", "leave_one_out", (sentence,)))[
    ...     "passages"]
    [['+0.700', 100, 5, [['Good', 5, '+0.400'], '!']]]
    """
    method = method_of(explanation.method)
    return {
        "label": figures.named(explanation.label),
        "true": None if explanation.true_label is None else figures.named(explanation.true_label),
        "wrong": is_wrong(explanation),
        "target": figures.named(explanation.target),
        "method": method.title,
        "signed": method.signed,
        "legend": list(_legend(explanation, method)),
        "notes": list(_notes(explanation, method)),
        "classes": _classes(explanation),
        "facts": [*_faithfulness(explanation), *_diagnostics(explanation)],
        "passages": _passages(explanation, method),
    }


def is_wrong(explanation):
    """Whether the label is not the true one; None where that is not known.

    >>> from hanlib.evidence import Explanation
    >>> is_wrong(Explanation("A", ("x", "y"), {}, "x", "attention", true_label=["y", "x"]))
    False
    """
    if explanation.true_label is None:
        return None
    label, true = explanation.label, explanation.true_label
    several = (tuple, list, set, frozenset)
    if isinstance(label, several) or isinstance(true, several):
        return _as_set(label, several) != _as_set(true, several)
    return str(label) != str(true)


def _as_set(label, several):
    return {str(name) for name in label} if isinstance(label, several) else {str(label)}


def _legend(explanation, method):
    if method.signed:
        target = figures.named(explanation.target)
        yield f"Blue, solid line: speaks for “{target}”. Orange, dashed line: speaks against it."
    else:
        yield "The stronger the shade and its line, the more attention."
    most = figures.number(strongest(explanation.words))
    yield f"The strongest shade is the strongest word of this document (score {most})."
    yield "The small bar before each sentence shows the sentence's own score."


def _notes(explanation, method):
    if method.meaning:
        yield method.meaning
    for unit, count in explanation.omitted.items():
        if count:
            yield f"{count:,} further {on_one_line(unit)} were read and are not shown."


def _classes(explanation):
    """The most probable classes, the target and the true ones; the rest as one line."""
    true = explanation.true_label
    true = {str(name) for name in true} if isinstance(true, (tuple, list, set)) else {str(true)}
    ranked = sorted(explanation.probabilities.items(), key=lambda item: -item[1])
    rows, left_out = [], 0
    for place, (name, probability) in enumerate(ranked):
        marks = ["target"] * (name == explanation.target) + ["true"] * (str(name) in true)
        if place < CLASSES_SHOWN or marks:
            percent = round(100 * share(probability, 1.0))
            text = figures.named(name)
            rows.append([text, figures.number(probability), percent, ", ".join(marks)])
        else:
            left_out += 1
    if left_out:
        rows.append([f"{left_out:,} further classes", "", 0, ""])
    return rows


def _faithfulness(explanation):
    if not explanation.faithfulness:
        yield "Faithfulness", "Not measured."
    for name, measured in explanation.faithfulness.items():
        low, high = (figures.number(bound) for bound in measured.comprehensiveness_interval)
        gain = measured.better_than_chance
        verdict = f"better than chance by {figures.number(gain)}"
        if measured.comprehensiveness <= measured.comprehensiveness_interval[1]:
            verdict = f"not better than chance ({figures.signed(gain)})"
        unit = on_one_line(name)
        yield (
            f"{unit.capitalize()}s: {verdict}",
            f"Without its strongest {unit}s “{figures.named(explanation.target)}” loses "
            f"{figures.number(measured.comprehensiveness)}, without random ones "
            f"{figures.number(measured.random_comprehensiveness)} (95 % interval {low} to {high}). "
            f"The strongest alone fall short by {figures.number(measured.sufficiency)}, random "
            f"ones by {figures.number(measured.random_sufficiency)}. "
            f"Measured on {measured.passes:,} perturbed documents.",
        )


def _diagnostics(explanation):
    for name, value in explanation.diagnostics.items():
        yield on_one_line(name).replace("_", " ").capitalize(), figures.value_of(value)


def _passages(explanation, method):
    most_word = strongest(explanation.words)
    most_sentence = strongest(explanation.sentences)

    def run(text, word):
        if word is None:
            return text
        return [text, level(word.score, most_word), figures.score_of(word.score, method, most_word)]

    found = []
    for passage in passages(explanation):
        if passage.sentence is None:
            found.append(passage.text)
            continue
        score = passage.sentence.score
        found.append(
            [
                figures.score_of(score, method, most_sentence),
                round(100 * abs(share(score, most_sentence))),
                level(score, most_sentence),
                [run(text, word) for text, word in passage.runs],
            ]
        )
    return found
