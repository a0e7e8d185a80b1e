"""Picture sets: a card for each, where it lies, how it is fetched, checked and split. Any folder of class folders is one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shoulders import downloads, pictures, places
from shoulders.errors import CourseError
from shoulders.folders import ordered, walked
from shoulders.names import near

if TYPE_CHECKING:
    import pandas as pd

TRAIN_NAMES = ("train", "training", "training_set", "train_set")
VALID_NAMES = ("valid", "val", "validation", "test", "testing", "test_set", "validation_set")
"""Of the parts of a set, in small or capital letters; the first in this order that holds pictures counts."""


class DatasetError(CourseError):
    """A picture set cannot be used; the message names the folder and the remedy."""


@dataclass(frozen=True)
class Archive:
    """A file that a publisher offers: mirrors, checksum (``sha256:…`` or ``md5:…``), size in bytes."""

    urls: tuple[str, ...]
    checksum: str
    bytes: int

    @property
    def name(self):
        return self.urls[0].rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Card:
    """What a picture set is, whose it is, and where to get it.

    `folders` are the names under which it may lie in the folder of picture sets; a fetched one gets the first.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    source: str
    licence: str
    folders: tuple[str, ...]
    archives: tuple[Archive, ...] = ()

    @property
    def bytes(self):
        return sum(archive.bytes for archive in self.archives)


CARDS = {
    card.name: card
    for card in (
        Card(
            "cats_vs_dogs",
            "Oxford-IIIT Pet: 7,349 photographs of cats and dogs",
            ("cats", "dogs"),
            "Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs, CVPR 2012, https://www.robots.ox.ac.uk/~vgg/data/pets/",
            "CC BY-SA 4.0; the photographs' copyright stays with their owners",
            ("oxford-iiit-pet", "cats_vs_dogs", "cats_and_dogs_filtered"),
            (
                Archive(
                    (
                        "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
                        "https://thor.robots.ox.ac.uk/datasets/pets/images.tar.gz",
                    ),
                    "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c",
                    791_918_971,
                ),
                Archive(
                    (
                        "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
                        "https://thor.robots.ox.ac.uk/datasets/pets/annotations.tar.gz",
                    ),
                    "md5:95a8c909bbe2e81eed6a22bccdf3f68f",
                    19_173_078,
                ),
            ),
        ),
        Card(
            "bees_vs_ants",
            "hymenoptera_data: 397 photographs of bees and ants",
            ("ants", "bees"),
            "PyTorch, Transfer Learning for Computer Vision Tutorial, by Sasank Chilamkurthy",
            "not stated by the publisher; for teaching and research, not redistributed here",
            ("hymenoptera_data", "bees_vs_ants"),
            (
                Archive(
                    ("https://download.pytorch.org/tutorial/hymenoptera_data.zip",),
                    "sha256:fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209",
                    47_286_322,
                ),
            ),
        ),
        *(
            Card(
                f"felt_{name}",
                f"Felt {title}, rendered for this course",
                classes,
                "the contributors of this course; studio/ renders them again",
                "CC BY 4.0",
                (f"felt/{name}",),
            )
            for name, title, classes in (
                ("cats_vs_dogs", "cats and dogs", ("cats", "dogs")),
                ("bees_vs_ants", "bees and ants", ("ants", "bees")),
            )
        ),
    )
}


@dataclass(frozen=True)
class Pictures:
    """Some pictures with their labels. Equal lengths throughout.

    Attributes
    ----------
    paths : tuple of Path
    labels : numpy.ndarray of int, shape (n,)
        Index into `classes`.
    digests : tuple of str
        sha256 of each file.
    classes : tuple of str
    """

    paths: tuple[Path, ...]
    labels: np.ndarray
    digests: tuple[str, ...]
    classes: tuple[str, ...]

    def __len__(self):
        return len(self.paths)

    def take(self, indices) -> Pictures:
        """The pictures at these positions, in this order."""
        return replace(
            self,
            paths=tuple(self.paths[i] for i in indices),
            labels=self.labels[np.asarray(indices, dtype=int)],
            digests=tuple(self.digests[i] for i in indices),
        )

    def sample(self, per_class: int | None, seed: int = 0) -> np.ndarray:
        """Positions of `per_class` pictures of each class, drawn by `seed`; ``None`` for all of them.

        Samples of one seed are nested: the ten of a class hold its five. A class with fewer pictures gives all it has.

        Raises
        ------
        DatasetError
            For less than one.
        """
        if per_class is None:
            return np.arange(len(self))
        if per_class < 1:
            raise DatasetError(f"{per_class} pictures of each class were asked for: give 1 or more, or None for all.")
        rng = np.random.default_rng(seed)
        chosen = [rng.permutation(np.flatnonzero(self.labels == c))[:per_class] for c in range(len(self.classes))]
        return np.sort(np.concatenate(chosen))


@dataclass(frozen=True)
class PictureSet:
    """A training and a validation part, and what the check found.

    Attributes
    ----------
    name : str
    train, valid : Pictures
    findings : tuple of dict
        One for each picture that was converted or skipped, and for what else is odd about those that are used (copies, a
        class that is not measured): file, part, class, action, problem, remedy.
    """

    name: str
    train: Pictures
    valid: Pictures
    findings: tuple[dict, ...] = field(default=(), repr=False)

    @property
    def classes(self):
        return self.train.classes

    def small(self, per_class: int, seed: int = 0) -> PictureSet:
        """At most `per_class` pictures of each class for training, and half as many for validation."""
        return replace(
            self,
            train=self.train.take(self.train.sample(per_class, seed)),
            valid=self.valid.take(self.valid.sample(max(1, per_class // 2), seed)),
        )

    def report(self) -> pd.DataFrame:
        """What the check found, a row for each of the `findings`."""
        import pandas as pd

        return pd.DataFrame(self.findings, columns=["file", "part", "class", "action", "problem", "remedy"])

    def counts(self) -> pd.DataFrame:
        """How many pictures of each class each part holds."""
        import pandas as pd

        parts = {"train": self.train, "valid": self.valid}
        rows = {part: np.bincount(held.labels, minlength=len(self.classes)) for part, held in parts.items()}
        return pd.DataFrame(rows, index=pd.Index(self.classes, name="class"))


def find(name: str) -> Path | None:
    """The folder of a set of the registry, if it is on this machine and holds something."""
    homes = (places.pictures(), places.box())
    folders = (home / folder for home in homes for folder in CARDS[name].folders)
    filled = (folder for folder in folders if folder.is_dir() and any(_files(inside) for inside in _class_folders(folder)))
    return next(filled, None)


def fetch(name: str, progress: bool = True) -> Path:
    """Download a set of the registry, check it and unpack it. Safe to interrupt and to repeat.

    Raises
    ------
    shoulders.downloads.DownloadError
        Names the file, the mirrors and what went wrong with each.
    DatasetError
        For a set that ships with the course and is missing from it.
    """
    card = CARDS[name]
    if folder := find(name):
        return folder
    if not card.archives:
        raise DatasetError(f"{name} ships with the course and is not in {places.box()}: get the course again.")
    home = places.pictures()
    if (goal := home / card.folders[0]).exists():
        raise DatasetError(f"{goal} is there, and holds no class folders with pictures: remove or rename it, and fetch again.")
    # Named after the set: an images.tar.gz that lies there may be the learner's own.
    archives = [downloads.fetch(a.urls, home / f"{name}-{a.name}", a.checksum, a.bytes, progress) for a in card.archives]
    if name == "cats_vs_dogs":
        return _unpack_pets(archives, home / card.folders[0])
    return downloads.unpack(archives[0], home / card.folders[0])


def _unpack_pets(archives, folder):
    """Cats and dogs by the publishers' own lists: names that begin with a capital are cats."""
    lists = downloads.unpack(archives[1], folder.with_name(folder.name + "-lists"))

    def arrange(room):
        images = {path.name: path for path in room.rglob("*.jpg") if not path.name.startswith(".")}
        for part, names in (("train", "trainval.txt"), ("valid", "test.txt")):
            if not (lists / names).is_file():
                raise DatasetError(f"{lists} lacks {names}: remove that folder, and fetch again.")
            for line in (lists / names).read_text().splitlines():
                name = line.split()[0] + ".jpg"
                goal = room / "set" / part / ("cats" if name[0].isupper() else "dogs") / name
                goal.parent.mkdir(parents=True, exist_ok=True)
                if name not in images:
                    raise DatasetError(f"{archives[0]} lacks {name}, which {names} lists: delete both archives and fetch again.")
                images[name].rename(goal)
        return room / "set"

    return downloads.unpack(archives[0], folder, arrange)


def load(source, seed: int = 0, valid_fraction: float = 0.25) -> PictureSet:
    """The pictures of a registered set or of any folder of class folders, checked.

    Parameters
    ----------
    source : str or path
        A name of `CARDS`, or a folder that holds ``train/`` and ``valid/`` (or another of `TRAIN_NAMES` and `VALID_NAMES`)
        with class folders inside, or class folders alone: these are then split here, stratified and by `seed`.
    seed : int
        Of the split, where there is none on disk.
    valid_fraction : float
        Of each class, where there is no split on disk; between 0 and 1.

    Returns
    -------
    PictureSet
        Without the pictures that cannot be read, those that lie in more than one class, and training pictures that are also
        in the validation part.
        Nothing on disk is changed.

    Raises
    ------
    DatasetError
        When the folder does not exist, or has fewer than two classes with pictures that can be read.
    """
    folder = _folder_of(source)
    parts = _parts(folder)
    classes = _classes(folder, parts)
    files = [(part, c, path) for part, root in parts.items() for c in classes for path in _files(root / c)]
    checked = pictures.check([path for *_, path in files])
    rows = _without_leaks(_without_doubt([_Row(*file, *verdict) for file, verdict in zip(files, checked)]))
    found = _findings(folder, parts, classes, rows)
    used = [row for row in rows if row.verdict.action != "skipped"]
    classes = _classes_left(folder, classes, used, found)
    if len(parts) == 1:
        train, valid = _split(_pictures(used, "train", classes), seed, valid_fraction)
        found += _not_measured(folder, parts["train"], valid)
    else:
        train, valid = (_pictures(used, part, classes) for part in ("train", "valid"))
    _need_both(folder, parts, train, valid)
    return PictureSet(source if _is_known(source) else folder.resolve().name, train, valid, tuple(found))


def _is_known(source):
    """Names are words; a path is a folder, whatever it is called."""
    return isinstance(source, str) and source in CARDS


class _Row(NamedTuple):
    part: str
    label: str
    path: Path
    digest: str
    verdict: pictures.Verdict


def _folder_of(source):
    if _is_known(source):
        if folder := find(source):
            return folder
        card = CARDS[source]
        raise DatasetError(
            f"{source} is not in {places.pictures()}: run `shoulders fetch {source}` ({places.size(card.bytes)}), or "
            f"set SHOULDERS_DATA to the folder that holds {' or '.join(card.folders)}."
        )
    folder = places.expanded(source)
    if source == "" or not folder.is_dir():
        name, offer = source or repr(source), near(str(source), CARDS)
        known = ", ".join(CARDS)
        raise DatasetError(f"{name} is neither a folder nor a known set ({known}): check the path, or fetch a set.{offer}")
    return folder


def _parts(folder):
    train = next((path for path in _called(TRAIN_NAMES, folder) if _class_folders(path)), None)
    if train is None:
        names = {path.name.lower() for path in _class_folders(folder)}
        if len(names) > 1 and names <= {*TRAIN_NAMES, *VALID_NAMES}:
            raise DatasetError(
                f"{folder} holds {' and '.join(sorted(names))}, but no class folders in a training part: put the pictures of "
                f"each class in a folder of its own, as in {folder / 'train' / 'cats'}."
            )
        return {"train": folder}  # a class may be called "train"
    valid = _called(VALID_NAMES, folder)
    filled = (path for path in valid if any(_files(inside) for inside in _class_folders(path)))
    return {"train": train, "valid": next(filled, valid[0])} if valid else {"train": train}


def _called(names, folder):
    """The folders in `folder` that have these names, in the order of the names."""
    here = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    return [here[name] for name in names if name in here]


def _class_folders(root):
    return [path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._"]


def _classes(folder, parts):
    by_part = [{path.name for path in _class_folders(root)} for root in parts.values()]
    if strange := sorted(set().union(*by_part) - by_part[0]):
        raise DatasetError(
            f"{parts['valid']} has class folders that {parts['train']} lacks ({', '.join(strange)}): "
            "give each class the same folder name in both, and at least one training picture."
        )
    if not by_part[0]:
        raise DatasetError(f"{folder} holds no class folders: put the pictures of each class in a folder of its own.")
    return ordered(by_part[0])


def _files(folder):
    return sorted(walked(folder)) if folder.is_dir() else []


def _without_doubt(rows):
    """A picture that lies in two classes teaches neither, and measures nothing."""
    classes = defaultdict(set)
    for row in (row for row in rows if row.verdict.action != "skipped"):
        classes[row.digest].add(row.label)
    return [_doubted(row, classes[row.digest] - {row.label}) for row in rows]


def _doubted(row, others):
    if row.verdict.action == "skipped" or not others:
        return row
    problem, remedy = f"the same picture is in class {min(others)} too", "Leave it in the class where it belongs."
    return row._replace(verdict=pictures.Verdict("skipped", problem, remedy))


def _without_leaks(rows):
    held_out = {row.digest for row in rows if row.part == "valid" and row.verdict.action != "skipped"}
    leak = pictures.Verdict("skipped", "the same picture is in the validation part", "Remove one of the two.")
    leaks = [row.part == "train" and row.digest in held_out and row.verdict.action != "skipped" for row in rows]
    return [row._replace(verdict=leak) if leaks_out else row for row, leaks_out in zip(rows, leaks)]


def _copies(folder, rows):
    """Every copy of a picture that is used, after the first."""
    first = {}
    for row in (row for row in rows if row.verdict.action != "skipped"):
        one = first.setdefault(row.digest, row)
        if one is not row:
            problem = f"the same picture as {one.path.relative_to(folder)}"
            yield row.path, row.part, row.label, pictures.Verdict("used", problem, "Remove one of the two.")


def _findings(folder, parts, classes, rows):
    odd = [(row.path, row.part, row.label, row.verdict) for row in rows if row.verdict.action != "used"]
    odd += _copies(folder, rows)
    held = Counter((row.part, row.label) for row in rows if row.verdict.action != "skipped")
    empty = pictures.Verdict("skipped", "empty class", "Put pictures of the class there, or remove the folder.")
    odd += [(root / c, part, c, empty) for part, root in parts.items() for c in classes if not held[part, c]]
    return [_finding(folder, *one) for one in odd]


def _finding(folder, path, part, label, verdict):
    return {"file": str(path.relative_to(folder)), "part": part, "class": label, **asdict(verdict)}


def _not_measured(folder, root, valid):
    """The classes of which the split could leave no picture for validation."""
    alone = "its only picture is for training: no accuracy is measured on this class"
    verdict = pictures.Verdict("used", alone, "Add pictures.")
    return [_finding(folder, root / c, "train", c, verdict) for i, c in enumerate(valid.classes) if i not in valid.labels]


def _classes_left(folder, classes, used, found):
    left = [c for c in classes if any(row.part == "train" and row.label == c for row in used)]
    if len(left) >= 2:
        return left
    what = f"only one class with pictures ({left[0]})" if left else "no class with pictures that can be read"
    first = f" First problem: {found[0]['file']}: {found[0]['problem']}." if found else ""
    raise DatasetError(f"{folder} has {what}; a question needs at least two: add a folder of pictures for another class.{first}")


def _pictures(rows, part, classes):
    rows = [row for row in rows if row.part == part and row.label in classes]
    labels = np.array([classes.index(row.label) for row in rows], dtype=int)
    return Pictures(tuple(row.path for row in rows), labels, tuple(row.digest for row in rows), tuple(classes))


def _split(held, seed, valid_fraction):
    """Stratified; copies of one picture stay on one side, so that no validation picture was trained on."""
    if not 0 < valid_fraction < 1:
        raise DatasetError(f"valid_fraction is {valid_fraction}: give a share between 0 and 1, for instance 0.25.")
    rng = np.random.default_rng(seed)
    to_valid = set()
    for c in range(len(held.classes)):
        unique = list(dict.fromkeys(held.digests[i] for i in np.flatnonzero(held.labels == c)))
        count = min(max(1, round(valid_fraction * len(unique))), len(unique) - 1)
        to_valid.update(unique[i] for i in rng.permutation(len(unique))[:count])
    in_valid = np.array([digest in to_valid for digest in held.digests])
    return held.take(np.flatnonzero(~in_valid)), held.take(np.flatnonzero(in_valid))


def _need_both(folder, parts, train, valid):
    if "valid" in parts and not len(valid):
        what = "holds no class folders with pictures that can be read"
        raise DatasetError(f"{parts['valid']} {what}: put some in it, or move it away, and a quarter of each class is held out.")
    for part, held in (("training", train), ("validation", valid)):
        if not len(held):
            raise DatasetError(f"{folder} leaves no {part} pictures: put at least two pictures in each class folder.")
