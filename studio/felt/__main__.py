"""python -m studio.felt SET [--only CLASS ...] [--limit N] [--jobs N]; python -m studio.felt sheets | card."""
import subprocess
import sys

import typer

from . import card, sets, sheets, work


def main(what: str, only: list[str] | None = None, limit: int | None = None, jobs: int = 1,
         share: str = typer.Option("0/1", hidden=True)):
    """Render a set (cats_vs_dogs, bees_vs_ants, big_cats, things, shelf), draw the contact `sheets`, or write the `card`.

    `--only` may be given more than once; `--limit` takes the first N pictures of each class and split; finished
    pictures are skipped.
    """
    if what == "sheets":
        return sheets.draw_all()
    if what == "card":
        return card.write()
    if jobs > 1:
        raise typer.Exit(max(_jobs(jobs)))
    mine, of = map(int, share.split("/"))
    cards = [card for card in sets.write_cards(what) if not only or card["class"] in only][mine::of]
    if limit is not None:
        cards = [card for card in cards if sets.number(card) < limit]
    work.render(what, [card for card in cards if not work.is_done(what, card)])


def _jobs(count):
    """Blender can not be forked or spawned inside Python: each job is a command of its own."""
    own = sys.argv[1:]
    where = own.index("--jobs")
    del own[where:where + 2]
    jobs = [subprocess.Popen([sys.executable, "-m", "studio.felt", *own, "--share", f"{i}/{count}"])
            for i in range(count)]
    return [job.wait() for job in jobs]


if __name__ == "__main__":
    typer.run(main)
