"""The command line: `shoulders doctor · fetch · lesson · compare · features · predict · export · teach`."""

from __future__ import annotations

import contextlib
import errno
import json
import shlex
import sys
import warnings
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.names import HEADS, REGIMES
from shoulders.support.terminal import say, table

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

GROUPS_HELP = (
    "What belongs together, as a patient's pictures, and stays on one side: a table with the columns file and group; `folder`, "
    "for folders below the class folders; or a pattern in the files' names, as 'patient\\d+'."
)

Json = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", help="Also write the result here, as JSON.")]  # noqa: UP045
Source = Annotated[str, typer.Argument(metavar="DIR|SET", help="A folder of class folders, or a set's name.")]
Name = Annotated[str, typer.Option("--backbone", metavar="NAME", help="Of the catalogue, torchvision or timm.")]
Names = Annotated[str, typer.Option("--backbone", metavar="NAME,...", help="Of the catalogue, torchvision or timm.")]
Weights = Annotated[Optional[str], typer.Option("--weights", metavar="FILE", help="A weights file, or `random`.")]  # noqa: UP045
Fit = Annotated[str, typer.Option("--fit", metavar="WAY", help="A picture that is no square: crop, pad or squeeze it.")]
Train = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--train", metavar="DIR", help="Class folders to learn from; may be repeated."),
]
Valid = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--valid", metavar="DIR", help="Class folders to be tested on; may be repeated."),
]
Classes = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--classes", metavar="A,B,...", help="Use these class folders alone, in this order."),
]
Groups = Annotated[Optional[str], typer.Option("--groups", metavar="FILE.csv|folder|PATTERN", help=GROUPS_HELP)]  # noqa: UP045
Layer = Annotated[str, typer.Option("--layer", metavar="NAME", help="hidden, classes, or any layer's name.")]

CSV_HELP = "Write a row for each picture here, as they come; after a stop, the same command goes on from its hidden .part file."

ENGINE_HELP = (
    "ray: for pictures that outgrow one machine. DIR is then any folder, or a list: a CSV with the column path, and label where "
    "there are any, or a path a line. A pool of workers writes parts into the folder OUT; after a stop, the same command goes on."
)
HEAD_HELP = "With an engine: also fit a head on a sample of the labelled pictures, and write a model that `predict` takes."


def main() -> None:
    """Run a command; what a person can mend is said in one sentence, without a traceback."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot write
    plain, ours = warnings.formatwarning, "shoulders: {}\n"
    warnings.formatwarning = lambda said, kind, *more: ours.format(said) if kind is UserWarning else plain(said, kind, *more)
    try:
        app()
    except CourseError as error:
        say(f"shoulders: {error}", sys.stderr)
        sys.exit(1)
    except SystemExit as end:
        if end.code == 130:  # typer's, for Ctrl-C
            kept = "downloads, checks of pictures, features, runs and rows of --csv"
            print(f"shoulders: stopped. Finished {kept} are kept.", file=sys.stderr)
        raise
    except OSError as error:
        where = f"{error.filename2 or error.filename}: " if error.filename else ""
        advice = _ADVICE.get(error.errno, "Check the path.")
        say(f"shoulders: {where}{error.strerror or error}. {advice}", sys.stderr)
        sys.exit(1)


_ADVICE = {
    errno.ENOSPC: "Make room there, or choose another place.",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Check its permissions, or choose another place."),
}


def _networks(names, weights, fit="crop"):
    """Those of a list, each once; a mistyped name is told before the pictures are checked."""
    from shoulders import backbones

    names = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip())) or [None]
    if len(names) > 1 and weights not in (None, "random"):
        raise CourseError(f"{weights} holds the weights of one network, and --backbone names {len(names)}: give one of them.")
    return [_fitted(backbones.load(name, weights), fit) for name in names]


def _fitted(network, fit):
    return network if fit == "crop" else replace(network, transform=replace(network.transform, fit=fit))


def _need_layer(network, layer):
    """Before the pictures are checked; a known name needs no torch."""
    if layer not in ("hidden", "classes"):
        from shoulders import cutting

        cutting.need_layers(network, [layer])


def _write_json(path, content):
    if path:
        with places.whole(path) as part:
            part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@app.command()
def doctor(
    network: Annotated[bool, typer.Option(help="Try whether the network is there.")] = True, json_file: Json = None
) -> None:
    """Say what this machine has, and what to do; exit 1 if a lesson cannot run."""
    from shoulders.course import doctor

    places.need_places([json_file])
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
    _write_json(json_file, [{"name": o.name, "kind": o.kind, "path": o.where, "licence": o.licence} for o in wanted])


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
    _write_json(json_file, asdict(done))


@app.command()
def compare(
    source: Source,
    backbone: Names = "",
    weights: Weights = None,
    regime: Annotated[str, typer.Option(metavar="NAME,...", help=f"Of {', '.join(REGIMES)}.")] = "feature_extraction",
    head: Annotated[str, typer.Option(help=f"Of {', '.join(HEADS)}.")] = "logistic_regression",
    layer: Layer = "hidden",
    fit: Fit = "crop",
    per_class: Annotated[str, typer.Option(metavar="N,N,...", help="Training pictures of each class; `all` for all.")] = "all",
    seeds: Annotated[int, typer.Option(metavar="K", help="How many seeds.")] = 1,
    train: Train = None,
    valid: Valid = None,
    classes: Classes = None,
    groups: Groups = None,
    plot: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Draw accuracy against pictures per class.")] = None,  # noqa: UP045
    save: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Write the model, for `shoulders predict`.")] = None,  # noqa: UP045
    report: Annotated[Optional[Path], typer.Option(metavar="FILE.html", help="Write a page about the folder.")] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Teach a network to tell a folder's classes apart; every accuracy with its interval."""
    from shoulders import comparison, datasets, plots
    from shoulders.datasets import both_sides, fits
    from shoulders.report.rows import say_rows

    regimes, counts = [name.strip() for name in regime.split(",")], comparison.parse_counts(per_class)
    comparison.need_sense(regimes, counts, seeds, head)
    _need_one(save, "regime", regimes)
    if plot:
        plots.need_format(plot)
    if report:
        _need_report(report, regimes)
    places.need_places([save, json_file, report], [source, weights, *_read(train, valid, groups)], plot)
    networks = _networks(backbone, weights, fit)
    _need_one(save, "backbone", networks)
    for network in networks:
        _need_layer(network, layer)
    held = datasets.load(source, train=train, valid=valid, classes=_names(classes), groups=groups)
    held = fits.told(held, [network.transform for network in networks])
    _say_what_is_held(held)
    aside, made = both_sides.aside(held), [] if save else None
    say("\n".join(both_sides.listed(held, aside)), sys.stderr)
    rows = comparison.rows_of_each(held, networks, regimes, counts, seeds, head, layer, aside=aside, made=made)
    say_rows(held, aside, rows)
    _write_json(json_file, rows)
    if plot:
        print(plots.comparison(rows).save(plot))
    if report:
        _write_report(report, held, networks, rows, counts, head, layer)
    if save:
        _save_model(save, held, *networks, comparison.to_keep(held, *networks, *regimes, counts, head, layer, made))


def _need_one(save, option, given):
    from shoulders.comparison import ComparisonError

    if save and len(given) > 1:
        raise ComparisonError(f"--save keeps one model, and --{option} names {len(given)}: give one of them.")


def _save_model(path, held, network, result):
    from shoulders import models

    print(f"Model written to {models.save(path, result, network, held)}: {result}")


def _need_report(path, regimes):
    from shoulders import report
    from shoulders.report import study

    report.need_format(path)
    study.need_sense(regimes)


def _write_report(path, *comparison):
    from shoulders import report
    from shoulders.report import study

    print(report.write(path, study.study(*comparison), shlex.join(["shoulders", *sys.argv[1:]])))


def _names(text):
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _read(train, valid, groups):
    """What a command reads beside its folder."""
    return [*(train or ()), *(valid or ()), *([groups] if groups and groups.lower().endswith(".csv") else ())]


def _say_what_is_held(held):
    say(held.overview(), sys.stderr)
    _say_findings(held)


def _say_findings(held):
    """What asks for something first; the converted ones ask for nothing, and are counted where they are many."""
    order = ("skipped", "used", "converted")
    findings = sorted(held.findings, key=lambda finding: order.index(finding["action"]))
    urgent = sum(finding["action"] != "converted" for finding in findings)
    shown = min(max(urgent, 10), 100)
    for finding in findings[:shown]:
        say(f"{finding['action']}: {finding['file']}: {finding['problem']}. {finding['remedy']}".rstrip(), sys.stderr)
    if rest := Counter(finding["action"] for finding in findings[shown:]):
        print(f"… and {', '.join(f'{count} more {action}' for action, count in rest.items())}.", file=sys.stderr)


@app.command()
def features(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="FILE.safetensors|DIR", help="Where the features go; with an engine, a folder.")],
    backbone: Name = "",
    weights: Weights = None,
    layer: Layer = "hidden",
    fit: Fit = "crop",
    train: Train = None,
    valid: Valid = None,
    classes: Classes = None,
    groups: Groups = None,
    engine: Annotated[str, typer.Option(metavar="ray", help=ENGINE_HELP)] = "",
    workers: Annotated[int, typer.Option(min=0, help="With an engine: how many hold the network. 0: what suits.")] = 0,
    save: Annotated[Optional[Path], typer.Option(metavar="MODEL.safetensors", help=HEAD_HELP)] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Write what a network says about every picture: features, labels, and a card with the file names."""
    from shoulders import backbones, datasets, models
    from shoulders.datasets import fits

    if engine:
        _need_lists(engine, {"--train": train, "--valid": valid, "--classes": classes, "--groups": groups})
        _features_in_parts(out, source, _fitted(backbones.load(backbone or None, weights), fit), layer, workers, save, json_file)
        return
    if workers or save:
        raise CourseError("--workers and --save are for features in parts: give --engine ray, too.")
    places.need_places([out, json_file], [source, weights, *_read(train, valid, groups)])
    network = _fitted(backbones.load(backbone or None, weights), fit)
    _need_layer(network, layer)
    held = datasets.load(source, train=train, valid=valid, classes=_names(classes), groups=groups)
    held = fits.told(held, [network.transform])
    _say_what_is_held(held)
    card = models.save_features(out, held, network, layer)
    print(
        f"{out}: {card['n_train']} + {card['n_valid']} pictures × {card['dimensions']} features of {network.name}, layer {layer}"
    )
    _write_json(json_file, card)


def _need_lists(engine, given):
    if engine != "ray":
        raise CourseError(f"No engine is called {engine!r}: give ray, or leave --engine out.")
    if wrong := [name for name, value in given.items() if value]:
        raise CourseError(f"{wrong[0]} is for class folders, and --engine ray takes a list: leave it out, or make the list so.")


def _features_in_parts(out, source, network, layer, workers, save, json_file):
    from shoulders import many
    from shoulders.many import head

    places.need_places([save, json_file], [source])
    _need_layer(network, layer)
    done = many.write(out, source, network, layer, workers=workers)
    earlier = f" ({done.earlier:,} of an earlier sitting)" if done.earlier else ""
    print(f"{out}: {done.pictures:,} pictures in {done.parts:,} parts{earlier}, features of {network.name}, layer {layer}")
    if done.findings:
        say(f"{done.findings:,} of them could not be read: {out / 'findings.csv'} says which, and why.", sys.stderr)
    if save:
        taught = head.fit(out)
        print(f"Model written to {head.save(save, taught, out)}: {taught}")
    _write_json(json_file, asdict(done))


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL.safetensors", help="What `compare --save` wrote.")],
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURE|FOLDER...", help="Of a folder: all that lies below it.")],
    csv_file: Annotated[Optional[Path], typer.Option("--csv", metavar="FILE", help=CSV_HELP)] = None,  # noqa: UP045
    weights: Weights = None,
    json_file: Json = None,
) -> None:
    """Name the class of pictures; exit 1 if one could not be read."""
    from shoulders import models
    from shoulders.support import folders

    if csv_file and json_file:
        raise CourseError("--json keeps every answer in memory until the last, and --csv none: give one of them.")
    places.need_places([csv_file, json_file], [model, weights, *pictures])
    asked, beside = models.load(model, weights), (model, weights, json_file)
    for source in filter(Path.is_dir, map(Path, pictures)):
        say(folders.overview(source, (*beside, csv_file)), sys.stderr)
    if csv_file:
        problems = _write_csv(csv_file, asked, pictures, beside)
    else:
        problems = _show(models.answers(asked, folders.files(pictures, beside)), json_file)
    if problems:
        raise typer.Exit(1)


def _write_csv(path, model, pictures, beside):
    from shoulders import predictions

    done = predictions.write(path, model, pictures, beside)
    earlier = f" ({done.earlier:,} of an earlier sitting)" if done.earlier else ""
    say(f"{path}: {done.rows:,} rows{earlier}, {done.problems:,} of them with a problem.", sys.stderr)
    return done.problems


def _show(rows, json_file):
    from shoulders.plots.lettering import sure

    good = [row for row in rows if "class" in row]
    table([(row["file"], row["class"], sure(row["probability"], 1)) for row in good], ["picture", "class", "how sure"])
    _write_json(json_file, rows)
    say("\n".join(f"{row['file']}: {row['note']}." for row in good if "note" in row), sys.stderr)
    if wrong := [row["problem"] for row in rows if "problem" in row]:
        say("\n".join(wrong), sys.stderr)
    return len(wrong)


@app.command()
def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL.safetensors", help="What `compare --save` wrote.")],
    onnx: Annotated[Path, typer.Option(metavar="FILE.onnx", help="Where it goes; its metadata tell classes and transform.")],
    weights: Weights = None,
) -> None:
    """Write network and head as one ONNX file, for onnxruntime alone; checked on the spot against our own answers."""
    from shoulders import export, models

    places.need_places([onnx], [model, weights])
    differs = export.write(onnx, models.load(model, weights))
    said = f"on noise its probabilities differ from ours in float32 by {differs:.1g} at most"
    print(f"{onnx}: {places.size(onnx.stat().st_size)}; {said}.")


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

    (network,) = _networks(backbone, weights)
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
