"""What a command says in a terminal: sentences and tables, in which a file's name can do no harm."""


def printable(text):
    """What a file's name may hold and a terminal would obey, as Python writes it."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def say(text, file):
    if text:
        print(*map(printable, str(text).split("\n")), sep="\n", file=file)


def table(rows, columns):
    """As wide as it needs to be: a cell that is cut says nothing, and what reads a pipe has no width."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, box=None)
    for row in rows:
        drawn.add_row(*(Text(printable(str(cell))) for cell in row))  # plain text: square brackets in a name are no markup
    Console(soft_wrap=True, width=10_000).print(drawn)
