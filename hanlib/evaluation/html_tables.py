"""Tables, bars and cards of a report, as HTML."""


def html_card(title, inside, wide=False):
    """A section of a report; title and content are HTML.

    >>> html_card("Errors", "<p>None.</p>")
    '<section><h2>Errors</h2><p>None.</p></section>'
    """
    return f"<section{' class=wide' if wide else ''}><h2>{title}</h2>{inside}</section>"


def html_cards(cards):
    """Cards in two columns; if one would stand alone beside an empty one, it gets both.

    >>> html_cards(["<section><h2>Errors</h2></section>"])
    '<div class="cards"><section class=wide><h2>Errors</h2></section></div>'
    """
    cards = [card for card in cards if card]
    narrow = [index for index, card in enumerate(cards) if card.startswith("<section>")]
    if len(narrow) % 2:
        cards[narrow[-1]] = cards[narrow[-1]].replace("<section>", "<section class=wide>", 1)
    return f'<div class="cards">{"".join(cards)}</div>' if cards else ""


def meter(share, kind):
    """A bar whose length is a share of its width; `kind` selects its color.

    >>> meter(0.5, "hit")
    '<span class="meter hit" style="--w:50"></span>'
    """
    return f'<span class="meter {kind}" style="--w:{round(100 * share)}"></span>'


def html_table(caption, heads, rows):
    """A table of HTML cells; the first cell of each row is its header.

    >>> html_table("", [], [["a", "1"]]).count("<td>")
    1
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    caption = f"<caption>{caption}</caption>" if caption else ""
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="scroll"><table>{caption}{head}<tbody>{body}</tbody></table></div>'
