"""The commands about pictures and clips of one's own: giants, compare, features, predict, export."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Optional

import typer

from shoulders.cli.options import (
    CSV_HELP,
    ENGINE_HELP,
    FOR_HELP,
    HEAD_HELP,
    Classes,
    Fit,
    Groups,
    Json,
    Layer,
    Name,
    Names,
    Source,
    Train,
    Valid,
    Weights,
    app,
    listed,
    named_networks,
    need_layer,
    need_sense,
    network_of,
    read_from,
    say_what_is_held,
    with_fit,
    write_json,
)
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.names import HEADS, REGIMES
from shoulders.support.terminal import say, table


@app.command()
def giants(
    words: Annotated[Optional[list[str]], typer.Argument(metavar="[WORD]...", help="Of name, library, data, licence.")] = None,  # noqa: UP045
    max_mb: Annotated[Optional[float], typer.Option(metavar="N", help="Of the download; unknown sizes are left out.")] = None,  # noqa: UP045
    licence: Annotated[str, typer.Option(metavar="WORDS", help="What its licence says; `unknown` for none that is known.")] = "",
    fits_camera: Annotated[bool, typer.Option("--fits-camera", help="Quick enough for `shoulders teach`.")] = False,
    folder: Annotated[Optional[str], typer.Option("--for", metavar="DIR|SET", help=FOR_HELP)] = None,  # noqa: UP045
    weights: Annotated[Optional[list[str]], typer.Option(metavar="NAME=FILE", help="With --for: weights of your own.")] = None,  # noqa: UP045
    json_file: Json = None,
) -> None:
    """Find a giant, offline: training data, size, licence, and what brings it. Of one exact name: its card."""
    from shoulders import giants
    from shoulders.backbones import catalogue
    from shoulders.giants import listing

    places.need_places([json_file], [folder])
    asked = words or (), max_mb, licence, fits_camera
    if folder or weights:
        shown = _choose(folder, weights or (), catalogue.search(*asked, everything=True).cards)
    elif giants.named(*asked):
        page = giants.page(*words)
        say(page, sys.stdout)
        shown = page.facts
    else:
        shown = listing.say_found(catalogue.search(*asked))
    write_json(json_file, shown)


def _choose(folder, weights, cards):
    from shoulders import datasets
    from shoulders.datasets import fits
    from shoulders.report import choosing

    if not folder:
        raise CourseError("--weights is for --for, which is not there: add --for FOLDER, or leave it out.")
    kind = datasets.sense(folder)
    networks = choosing.here([card for card in cards if card.sense == kind], choosing.own_weights(weights))
    held = fits.told(datasets.load(folder), [network.transform for network in networks])
    say_what_is_held(held)
    return choosing.say_choice(choosing.choose(held, networks))


@app.command()
def compare(
    source: Source,
    backbone: Names = "",
    weights: Weights = None,
    regime: Annotated[str, typer.Option(metavar="NAME,...", help=f"Of {', '.join(REGIMES)}.")] = "feature_extraction",
    head: Annotated[str, typer.Option(help=f"Of {', '.join(HEADS)}.")] = "logistic_regression",
    layer: Layer = "hidden",
    fit: Fit = "crop",
    per_class: Annotated[str, typer.Option(metavar="N,N,...", help="Training samples of each class; `all` for all.")] = "all",
    seeds: Annotated[int, typer.Option(metavar="K", help="How many seeds.")] = 1,
    train: Train = None,
    valid: Valid = None,
    classes: Classes = None,
    groups: Groups = None,
    plot: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Draw accuracy against samples per class.")] = None,  # noqa: UP045
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
    places.need_places([save, json_file, report], [source, weights, *read_from(train, valid, groups)], plot)
    kind = partial(datasets.sense, source, train, valid, listed(classes))
    networks = named_networks(backbone, weights, fit, kind)
    _need_one(save, "backbone", networks)
    for network in networks:
        need_layer(network, layer)
    need_sense(networks, kind())
    held = datasets.load(source, train=train, valid=valid, classes=listed(classes), groups=groups)
    held = fits.told(held, [network.transform for network in networks])
    say_what_is_held(held)
    aside, made = both_sides.aside(held), [] if save else None
    say("\n".join(both_sides.listed(held, aside)), sys.stderr)
    rows = comparison.rows_of_each(held, networks, regimes, counts, seeds, head, layer, aside=aside, made=made)
    say_rows(held, aside, rows)
    write_json(json_file, rows)
    if plot:
        print(plots.comparison(rows, word=held.word).save(plot))
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
    """Write what a network says about every sample: features, labels, and a card with the file names."""
    from shoulders import backbones, datasets, models
    from shoulders.datasets import fits

    if engine:
        _need_lists(engine, {"--train": train, "--valid": valid, "--classes": classes, "--groups": groups})
        _features_in_parts(out, source, with_fit(backbones.load(backbone or None, weights), fit), layer, workers, save, json_file)
        return
    if workers or save:
        raise CourseError("--workers and --save are for features in parts: give --engine ray, too.")
    places.need_places([out, json_file], [source, weights, *read_from(train, valid, groups)])
    kind = partial(datasets.sense, source, train, valid, listed(classes))
    network = network_of(backbone, weights, fit, kind)
    need_layer(network, layer)
    need_sense([network], kind())
    held = datasets.load(source, train=train, valid=valid, classes=listed(classes), groups=groups)
    held = fits.told(held, [network.transform])
    say_what_is_held(held)
    card = models.save_features(out, held, network, layer)
    count = f"{card['n_train']} + {card['n_valid']} {held.word}s × {card['dimensions']} features"
    print(f"{out}: {count} of {network.name}, layer {layer}")
    write_json(json_file, card)


def _need_lists(engine, given):
    if engine != "ray":
        raise CourseError(f"No engine is called {engine!r}: give ray, or leave --engine out.")
    if wrong := [name for name, value in given.items() if value]:
        raise CourseError(f"{wrong[0]} is for class folders, and --engine ray takes a list: leave it out, or make the list so.")


def _features_in_parts(out, source, network, layer, workers, save, json_file):
    from shoulders import many
    from shoulders.many import head

    places.need_places([save, json_file], [source])
    need_layer(network, layer)
    done = many.write(out, source, network, layer, workers=workers)
    earlier = f" ({done.earlier:,} of an earlier sitting)" if done.earlier else ""
    print(f"{out}: {done.pictures:,} pictures in {done.parts:,} parts{earlier}, features of {network.name}, layer {layer}")
    if done.findings:
        say(f"{done.findings:,} of them could not be read: {out / 'findings.csv'} says which, and why.", sys.stderr)
    if save:
        taught = head.fit(out)
        print(f"Model written to {head.save(save, taught, out)}: {taught}")
    write_json(json_file, asdict(done))


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL.safetensors", help="What `compare --save` wrote.")],
    pictures: Annotated[list[str], typer.Argument(metavar="FILE|FOLDER...", help="Of a folder: all that lies below it.")],
    csv_file: Annotated[Optional[Path], typer.Option("--csv", metavar="FILE", help=CSV_HELP)] = None,  # noqa: UP045
    weights: Weights = None,
    json_file: Json = None,
) -> None:
    """Name the class of pictures or clips; exit 1 if one could not be read."""
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
    table([(row["file"], row["class"], sure(row["probability"], 1)) for row in good], ["file", "class", "how sure"])
    write_json(json_file, rows)
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
