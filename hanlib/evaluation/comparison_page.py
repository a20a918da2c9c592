"""The page of a comparison: tables and pictures in one file."""

from pathlib import Path

from hanlib.evaluation.html_tables import html_card, html_table
from hanlib.evaluation.svg_chart import Series, chart
from hanlib.evidence.assets import read_asset
from hanlib.evidence.html import escaped, html_page

_FOLDER = Path(__file__).parent


def comparison_page(comparison):
    """The page of a `Comparison`; `Comparison.to_html` calls this.

    >>> from hanlib.evaluation import ComparedResult, Comparison
    >>> about = {"dataset": "<films>", "split": "test", "metric": "accuracy", "seeds": 1,
    ...     "documents": {"train": 9, "test": 4}, "budget_minutes": None}
    >>> page = comparison_page(Comparison(about, (ComparedResult("gru", "", (), "Error: <b>"),)))
    >>> "&lt;films&gt;" in page, "Error: &lt;b&gt;" in page, "<b>" in page
    (True, True, False)
    """
    title = f"Comparison on {comparison.about['dataset']}"
    failures = "".join(f'<p class="wrong">{escaped(line)}</p>' for line in comparison.failures())
    cards = _cards(comparison) if comparison.trained else []
    body = (
        f"<style>{read_asset('report.css', _FOLDER)}</style>\n"
        f'<div class="hanlib report"><h1>{escaped(title)}</h1>'
        f"<p>{escaped(comparison.heading())}</p>{failures}"
        f'<div class="cards">{"".join(cards)}</div></div>'
    )
    return html_page(body, title)


def _cards(comparison):
    score, trained = comparison.metric, list(enumerate(comparison.trained))
    seeds = "the standard deviation over the seeds"
    names = [[escaped(r.model), escaped(r.about)] for r in comparison.results]
    yield html_card(
        "All models",
        f"<p>Means of the runs; spread: {seeds}. Training time is without validation. CPU: "
        "processor time of the whole run, over all cores. Peak memory: how much the memory of the "
        "process grew in training.</p>"
        f"{_table(comparison.table())}",
        wide=True,
    )
    yield html_card(
        f"{score.capitalize()} against minutes of training",
        "<p>On validation, after each epoch; one line per run.</p>"
        + chart(
            [Series(r.model, [_minutes(run) for run in r.runs], index) for index, r in trained],
            f"{score} of each model against minutes of training",
            "minutes of training",
            f"{score} on validation",
        ),
    )
    yield html_card(
        "By document length",
        "<p>Share of the documents whose labels are all right, in groups of about equal size.</p>"
        + chart(
            [Series(r.model, [list(enumerate(r.by_length()))], index) for index, r in trained],
            "share of right documents of each model by document length",
            "length of the document (words)",
            "share that is right",
            x_names=comparison.lengths,
        )
        + f"<details><summary>Table</summary>{_table(comparison.length_table())}</details>",
    )
    yield html_card(
        f"{score.capitalize()} against size",
        chart(
            [Series(r.model, [[(r.mean("parameters"), r.score)]], index) for index, r in trained],
            f"{score} of each model against its number of parameters",
            "parameters, with the word vectors",
            f"{score} on {comparison.about['split']}",
            log_x=True,
        ),
    )
    yield html_card("Models", html_table("", ["name", "what it is"], names))


def _minutes(run):
    return [(seconds / 60, score) for seconds, score in run["curve"]]


def _table(table):
    heads, rows = ([list(map(escaped, row)) for row in part] for part in ([table[0]], table[1]))
    return html_table("", heads[0], rows)
