"""The command line: `shoulders doctor · fetch · lesson · compare · features · predict`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from shoulders.errors import CourseError
from shoulders.names import HEADS, REGIMES

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Json = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", help="Also write the result here, as JSON.")]  # noqa: UP045
Source = Annotated[str, typer.Argument(metavar="DIR|SET", help="A folder of class folders, or a set's name.")]
Name = Annotated[str, typer.Option("--backbone", metavar="NAME", help="Of the catalogue, torchvision or timm.")]
Weights = Annotated[Optional[str], typer.Option("--weights", metavar="FILE", help="A weights file, or `random`.")]  # noqa: UP045
Layer = Annotated[str, typer.Option("--layer", metavar="NAME", help="hidden, classes, or any layer's name.")]


def main() -> None:
    """Run a command; what a person can mend is said in one sentence, without a traceback."""
    try:
        app()
    except CourseError as error:
        print(f"shoulders: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        where = error.filename or "a file"
        print(f"shoulders: {where}: {error.strerror or error}. Choose a place that you may write to.", file=sys.stderr)
        sys.exit(1)


def _write_json(path, content):
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        part.replace(path)


def _table(rows, columns):
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*map(str, row))
    Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
def doctor(
    network: Annotated[bool, typer.Option(help="Try whether the network is there.")] = True, json_file: Json = None
) -> None:
    """Say what this machine has, and what to do; exit 1 if a lesson cannot run."""
    from shoulders import doctor

    findings = doctor.examine(network)
    print(*findings, sep="\n")
    _write_json(json_file, [asdict(finding) for finding in findings])
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def fetch(
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME]...", help="Sets and backbones.")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--all", help="Everything that a lesson's full edition uses.")] = False,
    json_file: Json = None,
) -> None:
    """Download picture sets and weights. Safe to interrupt and to repeat. Without a name: list what there is."""
    from shoulders import editions

    wanted = editions.offers(None if everything or not names else names, only_lessons=everything)
    _table(
        [(offer.name, offer.kind, offer.size, offer.where or "not here") for offer in wanted], ["name", "kind", "size", "on disk"]
    )
    if names or everything:
        for offer in wanted:
            print(f"{offer.name}: licence: {offer.licence}.", flush=True)
            print(f"{offer.name}: {offer.fetch(offer.name, progress=sys.stderr.isatty())}")
        wanted = editions.offers([offer.name for offer in wanted])
    _write_json(json_file, [{"name": o.name, "kind": o.kind, "path": o.where, "licence": o.licence} for o in wanted])


@app.command()
def lesson(
    number: Annotated[str, typer.Argument(help="For instance 01.")],
    html: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Write the lesson as a page.")] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Run a lesson without a browser."""
    from shoulders import lessons

    done = lessons.run(number, html)
    page = f"; page written to {done.page}" if done.page else ""
    print(f"Lesson {done.lesson}: {done.cells} cells ran in {done.seconds:.0f} s, {done.verdict}{page}.")
    _write_json(json_file, asdict(done))


@app.command()
def compare(
    source: Source,
    backbone: Name = "vgg16_tiny",
    weights: Weights = None,
    regime: Annotated[str, typer.Option(metavar="NAME,...", help=f"Of {', '.join(REGIMES)}.")] = "feature_extraction",
    head: Annotated[str, typer.Option(help=f"Of {', '.join(HEADS)}.")] = "logistic_regression",
    layer: Layer = "hidden",
    per_class: Annotated[str, typer.Option(metavar="N,N,...", help="Training pictures of each class; `all` for all.")] = "all",
    seeds: Annotated[int, typer.Option(metavar="K", help="How many seeds.")] = 1,
    plot: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Draw accuracy against pictures per class.")] = None,  # noqa: UP045
    save: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Write the head, for `shoulders predict`.")] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Teach a network to tell a folder's classes apart; every accuracy with its interval."""
    from shoulders import backbones, comparison, datasets, plots

    regimes, counts = regime.split(","), comparison.parse_counts(per_class)
    if save and "feature_extraction" not in regimes:
        raise comparison.ComparisonError("--save keeps the head of feature_extraction: add it to --regime.")
    if plot:
        plots.need_format(plot)
    held, network = datasets.load(source), backbones.load(backbone, weights)
    _say_findings(held)
    rows = comparison.rows(held, network, regimes, counts, seeds, head, layer)
    _table([_cells(row) for row in rows], COLUMNS)
    _write_json(json_file, rows)
    if plot:
        print(plots.comparison(rows).save(plot))
    if save:
        from shoulders import models, training

        result = training.feature_extraction(network, held, None if None in counts else max(counts), 0, head, layer)
        print(f"Model written to {models.save(save, result, network, held, layer)}: {result}")


COLUMNS = (
    "regime",
    "head",
    "backbone",
    "per class",
    "seed",
    "accuracy",
    "95 % interval",
    "of",
    "trained on",
    "seconds",
    "cached",
)


def _cells(row):
    words = [row[name] for name in ("regime", "head", "backbone", "per_class", "seed")]
    shares = [f"{row['accuracy']:.1%}", f"{row['low']:.1%} to {row['high']:.1%}"]
    return [*words, *shares, row["n_valid"], row["n_train"], f"{row['seconds_total']:.1f}", "yes" if row["cached"] else "no"]


def _say_findings(held):
    for finding in held.findings[:10]:
        print(f"{finding['action']}: {finding['file']}: {finding['problem']}. {finding['remedy']}".rstrip(), file=sys.stderr)
    if len(held.findings) > 10:
        print(f"… and {len(held.findings) - 10} more: datasets.load(…).report() lists them all.", file=sys.stderr)


@app.command()
def features(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="FILE.safetensors", help="Where the features go.")],
    backbone: Name = "vgg16_tiny",
    weights: Weights = None,
    layer: Layer = "hidden",
    json_file: Json = None,
) -> None:
    """Write what a network says about every picture: features, labels, and a card with the file names."""
    from shoulders import backbones, datasets, models

    held, network = datasets.load(source), backbones.load(backbone, weights)
    _say_findings(held)
    card = models.save_features(out, held, network, layer)
    print(
        f"{out}: {card['n_train']} + {card['n_valid']} pictures × {card['dimensions']} features of {network.name}, layer {layer}"
    )
    _write_json(json_file, card)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL.safetensors", help="What `compare --save` wrote.")],
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURE...")],
    weights: Weights = None,
    json_file: Json = None,
) -> None:
    """Name the class of pictures; exit 1 if one could not be read."""
    from shoulders import models

    rows = models.answers(models.load(model, weights), pictures)
    _table([(r["file"], r["class"], f"{r['probability']:.1%}") for r in rows if "class" in r], ["picture", "class", "how sure"])
    _write_json(json_file, rows)
    wrong = [row["problem"] for row in rows if "problem" in row]
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if wrong:
        raise typer.Exit(1)
