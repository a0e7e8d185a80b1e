"""The application, the options that several commands share, and the steps that they take before and after."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.terminal import say

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

GROUPS_HELP = (
    "What belongs together, as a patient's pictures, and stays on one side: a table with the columns file and group; `folder`, "
    "for folders below the class folders; or a pattern in the files' names, as 'patient\\d+'."
)

Json = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", help="Also write the result here, as JSON.")]  # noqa: UP045
Source = Annotated[str, typer.Argument(metavar="DIR|SET", help="Class folders, of pictures or of clips; or a set's name.")]
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

FOR_HELP = "Try all that are on this machine on these pictures or clips, and say which does best."
CSV_HELP = "Write a row for each picture here, as they come; after a stop, the same command goes on from its hidden .part file."

ENGINE_HELP = (
    "ray: for pictures that outgrow one machine. DIR is then any folder, or a list: a CSV with the column path, and label where "
    "there are any, or a path a line. A pool of workers writes parts into the folder OUT; after a stop, the same command goes on."
)
HEAD_HELP = "With an engine: also fit a head on a sample of the labelled pictures, and write a model that `predict` takes."


def named_networks(names, weights, fit="crop", sense=lambda: "pictures"):
    """Those of a list, each once; a mistyped name is told before the samples are looked for."""
    names = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip())) or [None]
    if len(names) > 1 and weights not in (None, "random"):
        raise CourseError(f"{weights} holds the weights of one network, and --backbone names {len(names)}: give one of them.")
    return [network_of(name, weights, fit, sense) for name in names]


def network_of(name, weights, fit, sense):
    """One network; where none is named, `sense` is asked."""
    from shoulders import backbones

    asked = {} if name else {"sense": sense()}
    return with_fit(backbones.load(name or None, weights, **asked), fit)


def need_sense(networks, sense):
    """Networks that look at pictures, for pictures; that hear, for clips: told before the samples are checked."""
    from shoulders import backbones

    for network in networks:
        if network.card.sense != sense:
            fitting = [name for name, card in backbones.cards().items() if card.sense == sense]
            raise CourseError(
                f"{network.name} is for {network.card.sense}, and these are {sense}: leave --backbone out for "
                f"{backbones.DEFAULTS[sense]}, or choose one of {', '.join(fitting)}."
            )


def with_fit(network, fit):
    return network if fit == "crop" else replace(network, transform=network.transform.fitted(fit))


def need_layer(network, layer):
    """Before the pictures are checked; a known name needs no torch."""
    if layer not in ("hidden", "classes"):
        from shoulders import cutting

        cutting.need_layers(network, [layer])


def write_json(path, content):
    if path:
        with places.whole(path) as part:
            part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def listed(text):
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def read_from(train, valid, groups):
    """What a command reads beside its folder."""
    return [*(train or ()), *(valid or ()), *([groups] if groups and groups.lower().endswith(".csv") else ())]


def say_what_is_held(held):
    say(held.overview(), sys.stderr)
    _say_findings(held)


def _say_findings(held):
    """What asks for something first; most converted ones ask for nothing, and are counted where they are many."""
    order = ("skipped", "used", "converted")
    asks = lambda finding: finding["action"] != "converted" or bool(finding["remedy"])  # noqa: E731
    findings = sorted(held.findings, key=lambda finding: (not asks(finding), order.index(finding["action"])))
    urgent = sum(map(asks, findings))
    shown = min(max(urgent, 10), 100)
    for finding in findings[:shown]:
        say(f"{finding['action']}: {finding['file']}: {finding['problem']}. {finding['remedy']}".rstrip(), sys.stderr)
    if rest := Counter(finding["action"] for finding in findings[shown:]):
        print(f"… and {', '.join(f'{count} more {action}' for action, count in rest.items())}.", file=sys.stderr)
