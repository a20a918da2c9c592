"""Tables and cards of a report, as HTML."""


def html_card(title, inside, wide=False):
    """A section of a report; title and content are HTML.

    >>> html_card("Errors", "<p>None.</p>")
    '<section><h2>Errors</h2><p>None.</p></section>'
    """
    return f"<section{' class=wide' if wide else ''}><h2>{title}</h2>{inside}</section>"


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
