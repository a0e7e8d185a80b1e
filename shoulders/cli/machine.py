"""The commands about this machine and the course on it: doctor, fetch, kit, lesson, teach, class."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from shoulders.cli.options import (
    Json,
    Name,
    Weights,
    app,
    listed,
    named_networks,
    need_sense,
    write_json,
)
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.terminal import say, table


@app.command()
def doctor(
    network: Annotated[bool, typer.Option(help="Try whether the network is there.")] = True, json_file: Json = None
) -> None:
    """Say what this machine has, and what to do; exit 1 if a lesson cannot run."""
    from shoulders.course import doctor

    places.need_places([json_file])
    findings = doctor.examine(network)
    print(*findings, sep="\n")
    write_json(json_file, [asdict(finding) for finding in findings])
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def fetch(
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME]...", help="Sets and backbones.")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--all", help="Everything that a lesson's full edition uses.")] = False,
    json_file: Json = None,
) -> None:
    """Download picture sets and weights. Safe to interrupt and to repeat. Without a name: list what there is."""
    from shoulders.course import editions

    if names and everything:
        raise CourseError("--all brings what the lessons use: give names, or --all.")
    places.need_places([json_file])
    wanted = editions.offers(None if everything or not names else names, only_lessons=everything)
    table(
        [(offer.name, offer.kind, offer.size, offer.where or "not here") for offer in wanted], ["name", "kind", "size", "on disk"]
    )
    if names or everything:
        _fetch_each(wanted)
        wanted = editions.offers([offer.name for offer in wanted])
    write_json(json_file, [{"name": o.name, "kind": o.kind, "path": o.where, "licence": o.licence} for o in wanted])


def _fetch_each(offers):
    """One that fails keeps none of the others from coming."""
    failed = []
    for offer in offers:
        print(f"{offer.name}: licence: {offer.licence}.", flush=True)
        try:
            print(f"{offer.name}: {offer.fetch(offer.name, progress=sys.stderr.isatty())}")
        except CourseError as error:
            failed.append(str(error))
    if failed:
        raise CourseError("\n".join(failed))


@app.command()
def kit(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="On a stick.")],
    platform: Annotated[str, typer.Option(metavar="A,B,...", help="Of linux, linux-arm, macos, windows.")] = "",
    python: Annotated[str, typer.Option(metavar="A,B,...", help="As 3.12,3.13. Without them: this machine's.")] = "",
    with_: Annotated[str, typer.Option("--with", metavar="NAME,...", help="Sets and networks that are on this machine.")] = "",
    cpu: Annotated[bool, typer.Option("--cpu", help="Of PyTorch for Linux the smaller build, without CUDA.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it begins.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read a kit again; exit 1 if a file is missing or changed.")] = False,
    json_file: Json = None,
) -> None:
    """Put all that a class without network needs in a folder: packages, course, pictures, sums, a start. Safe to repeat."""
    from shoulders.course import kit

    places.need_places([json_file])
    if verify:
        checked = kit.verify(folder)
        say(checked, sys.stdout)
        write_json(json_file, asdict(checked) | {"folder": str(folder)})
        raise typer.Exit(not checked.whole)
    planned = kit.plan(folder, listed(platform), listed(python), listed(with_), cpu)
    say(planned, sys.stdout)
    if not yes and sys.stdin.isatty() and not typer.confirm("Go on?", default=True):
        raise typer.Exit(1)
    say(kit.make(planned), sys.stdout)
    write_json(json_file, {"folder": str(folder), "files": planned.files, "lacks": planned.lacks})
    raise typer.Exit(bool(planned.lacks))


@app.command()
def lesson(
    number: Annotated[str, typer.Argument(help="For instance 01.")],
    html: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Write the lesson as a page.")] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Run a lesson without a browser."""
    from shoulders.course import lessons

    places.need_places([html, json_file])
    done = lessons.run(number, html)
    page = f"; page written to {done.page}" if done.page else ""
    print(f"Lesson {done.lesson}: {done.cells} cells ran in {done.seconds:.0f} s, {done.verdict}{page}.")
    write_json(json_file, asdict(done))


@app.command()
def teach(
    folder: Annotated[Optional[Path], typer.Argument(help="Class folders of pictures that were saved here before.")] = None,  # noqa: UP045
    backbone: Name = "",
    weights: Weights = None,
    port: Annotated[int, typer.Option(help="Of the page on 127.0.0.1; 0 for any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Teach classes with your camera, on a page of its own; what FOLDER holds is taught first."""
    from shoulders import features, teaching
    from shoulders.widgets import page

    (network,) = named_networks(backbone, weights)
    need_sense([network], "pictures")
    look = features.looker(network, threads=1)
    examples = teaching.load(folder, look) if folder and teaching.taken(folder) else teaching.Examples()
    shown = page.Page(examples, look, str(teaching.free(folder or Path("my_pictures"))), port)
    say(f"{network.name}, {len(examples)} pictures of {len(examples.classes)} classes.", sys.stdout)
    print(f"{shown.address}\nCtrl-C ends it; what you have not saved is then gone.", flush=True)
    if browser:
        import webbrowser

        webbrowser.open(shown.address)
    with contextlib.suppress(KeyboardInterrupt):
        shown.run()


@app.command("class")
def class_(
    file: Annotated[Path, typer.Argument(help="What is told is kept here; a class of before goes on.")] = Path("class.jsonl"),
    lan: Annotated[bool, typer.Option("--lan", help="Let in the local network, and not this machine alone.")] = False,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Of this machine, to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The same one again after a stop, so that learners go on.")] = 8123,
    browser: Annotated[bool, typer.Option(help="Open the board in a browser.")] = True,
) -> None:
    """Open a class: who is through which exercise, what went wrong most, what was guessed. Learners join by one line."""
    from shoulders.course.classroom import server

    opened = server.Server(file, "0.0.0.0" if lan else host, port)
    say(opened.told(), sys.stdout)
    sys.stdout.flush()
    if browser:
        import webbrowser

        webbrowser.open(opened.page)
    with contextlib.suppress(KeyboardInterrupt):
        opened.run()
