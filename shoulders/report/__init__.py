"""One page about one folder, with all its pictures in it: what a `shoulders.report.study` found, in words, tables and figures."""

from __future__ import annotations

import base64
import datetime
import io
import os
from collections import Counter
from pathlib import Path

import numpy as np

import shoulders
from shoulders import comparison, plots, senses
from shoulders.plots import lettering
from shoulders.report.study import DRAWS, Study
from shoulders.support import devices, places
from shoulders.support.errors import CourseError
from shoulders.support.samples import stream
from shoulders.support.words import bounds, share

FORMATS = (".html", ".htm")

SIDE = 200
"""Pixels of the longer side of a picture on the page."""

MOST = {"pictures": 12, "findings": 60, "classes": 25, "confusions": 15}
"""How much of each is shown: the rest is counted."""


class ReportError(CourseError):
    """A page cannot be written; the message says what would be right."""


def need_format(path) -> Path:
    """Refuse a file name whose ending is none of `FORMATS`."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ReportError(f"{path}: a page's name ends in {' or '.join(FORMATS)}.")
    return path


def write(path, study: Study, command: str = "") -> str:
    """Write the page, whole or not at all; returns a sentence that names the file.

    Parameters
    ----------
    path : path
    study : Study
    command : str
        That made it, for the foot of the page.

    Raises
    ------
    ReportError, shoulders.support.samples.SampleError, OSError
        For an ending that is none of `FORMATS`, a picture that has gone, a place that cannot be written to.
    """
    text = page(study, command)
    with places.whole(need_format(path)) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")  # a file's name may be no text at all
    size = places.size(Path(path).stat().st_size)
    held = f"It holds {study.held.word}s of the folder: give it only to those who may have them."
    return f"Page written to {path} ({size}). {held}"


def page(study: Study, command: str = "") -> str:
    """The page as HTML, which needs no other file and no network."""
    import jinja2

    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    lines = {"trim_blocks": True, "lstrip_blocks": True}
    room = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, finalize=_seen, **lines)
    room.filters |= {"share": share, "span": _span}
    return room.from_string(template).render(_content(study), command=command).lstrip()


def _seen(value):
    """A name may hold marks that turn what follows it round."""
    return "\n".join(map(lettering.seen, value.split("\n"))) if type(value) is str and not value.isprintable() else value


def _span(ends):
    return bounds(*ends)


def _content(study):
    """All that the template asks for, by name."""
    held, result = study.held, study.best.result
    return {
        "name": held.name,
        "word": held.word,
        "classes": held.classes,
        "question": _question(held.classes),
        "result": result,
        "study": study,
        "network": study.best.network,
        "verdict": verdict(study),
        "choice": _choice(study),
        "parts": held.overview().split("\n")[1:],
        "counts": [(c, *map(int, row)) for c, row in zip(held.classes, held.counts().to_numpy())],
        "findings": sorted(held.findings, key=lambda finding: list(_DONE).index(finding["action"]))[: MOST["findings"]],
        "found": _found(held.findings),
        "copies": _copies(study),
        "runs": _runs(study.rows),
        "draws": DRAWS,
        "curve": _figure(plots.comparison([*study.rows, *study.more], word=held.word)),
        "by_class": list(result.by_class().itertuples()),
        "confusion": _confusion(result),
        "confused": _confused(result),
        "mistakes": _mistakes(study),
        "doubted": _doubted(study),
        "made": _made(study),
    }


def _question(classes):
    return f"{', '.join(classes[:-1])} or {classes[-1]}?" if len(classes) <= 4 else f"{len(classes)} classes"


# -------------------------------------------------------------------------------------------------------------- in words


def verdict(study: Study) -> list[str]:
    """What was found, in a few sentences; the first says how often the best giant is right."""
    result, classes = study.best.result, study.held.classes
    n, counts = len(result.valid), np.bincount(result.valid.labels, minlength=len(classes))
    first = (
        f"With {result.backbone}, a new head rightly names {share(result.accuracy)} of {n} {study.held.word}s that it was not "
        f"taught with (95 % interval {_span(result.interval)})."
    )
    return [first, _baseline(result, counts), *_by_class(result, counts), *_what_to_look_at(study)]


def _baseline(result, counts):
    largest = counts.max() / counts.sum()
    one = f"the largest class, “{result.valid.classes[counts.argmax()]}”," if counts.min() < counts.max() else "one class"
    said = f"Always naming {one} would be right for {share(largest)}."
    beyond = result.interval[0] > largest
    return said if beyond else f"{said} The interval reaches down to that: nothing shows yet that the network does better."


def _by_class(result, counts):
    """What one accuracy hides where classes are uneven."""
    if counts.min() < counts.max():
        yield (
            f"The classes hold {counts.min()} to {counts.max()} of these {result.valid.word}s; with every class counted alike, "
            f"the balanced accuracy is {share(result.balanced_accuracy)} (95 % interval {_span(result.balanced_interval)})."
        )
    if absent := [f"“{c}”" for c, count in zip(result.valid.classes, counts) if not count]:
        yield f"Of {', '.join(absent)} there is no validation {result.valid.word}: nothing is known of it."


def _what_to_look_at(study):
    said, left = [], study.without_copies()
    if study.copies:
        without = f"; without them the accuracy is {share(left.mean())} of {len(left)}." if len(left) else "."
        said.append(f"Near copies in the training part: of {_count(len(study.copies), f'validation {study.held.word}')}{without}")
    if study.doubted:
        said.append(f"Labels to look at again: of {_count(len(study.doubted), f'training {study.held.word}')}.")
    return said


def _count(n, word):
    return f"{n} {word}{'' if n == 1 else 's'}"


def _choice(study):
    """Why this giant, and what the choice does to its accuracy."""
    name, equals = study.best.network.name, sum(one.promise == study.best.promise for one in study.candidates)
    word = study.held.word
    if len(study.candidates) == 1:
        return "One giant was asked for: --backbone a,b,c compares several."
    if not study.best.judged:
        return f"There were too few training {word}s to choose by: {name} is the first that was named."
    first = "Of equals the first was taken. " if equals > 1 else ""
    return (
        f"{name} was chosen because no other names more training {word}s rightly out of fold: each was judged by a head that "
        f"had not seen it. {first}The choice had no look at the validation {word}s, so it does not flatter the accuracy above; "
        f"that of the best of several on the validation {word}s is flattered a little. Differences within intervals may be luck."
    )


_DONE = {"skipped": "skipped", "used": "used, although something is odd", "converted": "converted as they were read"}
"""What was done with a file: what asks for something first."""


def _found(findings):
    """How many files something was done with, in words."""
    counts = Counter(finding["action"] for finding in findings)
    return "; ".join(f"{counts[action]} {said}" for action, said in _DONE.items() if counts[action]) + "."


def _sure(probability):
    return f"{lettering.sure(probability)} sure".replace(" ", "\N{NO-BREAK SPACE}")


def _made(study):
    """When, with what, on what, and how long it took."""
    result, seconds = study.best.result, sum(row["seconds_total"] for row in study.rows)
    return {
        "version": shoulders.__version__,
        "date": datetime.date.today().isoformat(),
        "device": f"{devices.processor()} ({result.device}, {result.precision})",
        "runs": f"{seconds:.1f}",
        "rest": f"{study.seconds:.1f}",
        "remembered": all(row["cached"] for row in study.rows),
    }


# ------------------------------------------------------------------------------------------------------------- in tables


def _runs(rows):
    """A line for each regime, network and size, with the seconds of all its runs here and now."""
    seconds = Counter()
    for row in rows:
        seconds[row["regime"], row["backbone"], str(row["per_class"])] += row["seconds_total"]
    lines = comparison.summary(rows).itertuples()
    return [(line, seconds[line.regime, line.backbone, str(line.per_class)]) for line in lines]


def _confused(result):
    """The pairs of classes that are taken for each other: really, called, how often; the most frequent first."""
    table = result.confusion().to_numpy(copy=True)
    np.fill_diagonal(table, 0)
    order = np.argsort(-table, axis=None, kind="stable")[: MOST["confusions"]]
    pairs = (np.unravel_index(k, table.shape) for k in order if table.flat[k])
    return [(result.valid.classes[i], result.valid.classes[j], int(table[i, j])) for i, j in pairs]


# ------------------------------------------------------------------------------------------------------------ in pictures


def _figure(drawing, words=""):
    kind, content, width = drawing.page()
    return {"src": _data(kind, content), "alt": words or drawing.words, "width": width}


def _data(kind, content):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _confusion(result):
    """None where the classes are so many that nobody could read it."""
    if len(result.valid.classes) > MOST["classes"]:
        return None
    drawing = plots.confusion(result)
    often = [f"“{really}” called “{called}” {n} time{'s' * (n > 1)}" for really, called, n in _confused(result)[:3]]
    return _figure(drawing, f"{drawing.words}{' Most often: ' if often else ''}{', '.join(often)}{'.' * bool(often)}")


def _picture(held, position, root, words):
    """A small copy of a picture, upright, without what a camera wrote into it."""
    path = held.paths[position]
    sense, source = senses.of(held.sense), stream(path, held.digests[position])
    image = sense.shown(source, at_least=SIDE)
    image.thumbnail((SIDE, SIDE))
    content, file = io.BytesIO(), os.path.relpath(path, root)
    image.save(content, "JPEG", quality=80)
    size = dict(zip(("width", "height"), image.size))
    told = {"src": _data("image/jpeg", content.getvalue()), "alt": f"{words}: {file}", "words": words, "file": file}
    return size | told | {"sound": _sound(sense, source)}


def _sound(sense, source):
    """What a page can play of it; ``''`` of a picture."""
    source.seek(0)
    heard = sense.playable(source)
    return _data("audio/wav", heard) if heard else ""


def _root(held):
    """The folder above all the pictures."""
    return os.path.commonpath([path.parent.parent for part in (held.train, held.valid) for path in part.paths])


def _mistakes(study):
    result, root, classes = study.best.result, _root(study.held), study.held.classes
    shown = []
    for i in result.mistakes()[: MOST["pictures"]]:
        called, really = (classes[k] for k in (result.predictions[i], result.valid.labels[i]))
        words = f"called {called}, really {really}, {_sure(result.probabilities[i].max())}"
        shown.append(_picture(result.valid, i, root, words))
    return shown


def _doubted(study):
    train, root, classes = study.held.train, _root(study.held), study.held.classes
    shown = []
    for doubt in study.doubted[: MOST["pictures"]]:
        words = f"labelled {classes[train.labels[doubt.position]]}, looks like {classes[doubt.instead]}, "
        shown.append(_picture(train, doubt.position, root, words + _sure(doubt.probability)))
    return shown


def _copies(study):
    """Pairs of pictures, each pair with what it shows."""
    held, root, shown = study.held, _root(study.held), []
    for pair in study.copies[: MOST["pictures"]]:
        names = [held.classes[part.labels[i]] for part, i in ((held.valid, pair.valid), (held.train, pair.train))]
        both = (held.valid, pair.valid, f"validation, {names[0]}"), (held.train, pair.train, f"training, {names[1]}")
        shown.append({"pictures": [_picture(part, i, root, words) for part, i, words in both], "differ": names[0] != names[1]})
    return shown
