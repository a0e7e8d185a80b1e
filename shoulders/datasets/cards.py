"""The picture sets that the course knows: a card for each, where it lies, how it is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shoulders.datasets import signers, skin, speakers
from shoulders.support import downloads, places
from shoulders.support.errors import DatasetError
from shoulders.support.folders import inside, walked


@dataclass(frozen=True)
class Archive:
    """A file that a publisher offers: mirrors, checksum (``sha256:…`` or ``md5:…``), size in bytes; `file` where no address ends
    in its name.
    """

    urls: tuple[str, ...]
    checksum: str
    bytes: int
    file: str = ""

    @property
    def name(self):
        return self.file or self.urls[0].rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Repository:
    """A git repository where a publisher offers no file with a checksum: the commit is one. `bytes` of its files, about."""

    url: str
    commit: str
    bytes: int


@dataclass(frozen=True)
class Card:
    """What a picture set is, whose it is, and where to get it.

    `folders` are the names under which it may lie in the folder of picture sets; a fetched one gets the first. `beside` are files
    of the publisher's that are no pictures: nothing is said of them. `groups` is a pattern in the files' names that says what
    belongs together, as for `shoulders.datasets.load`.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    source: str
    licence: str
    folders: tuple[str, ...]
    archives: tuple[Archive, ...] = ()
    repository: Repository | None = None
    beside: tuple[str, ...] = ()
    groups: str | None = None

    @property
    def sources(self):
        """What there is to fetch; nothing for a set that ships with the course."""
        return self.archives if self.repository is None else (*self.archives, self.repository)

    @property
    def bytes(self):
        return sum(source.bytes for source in self.sources)

    @property
    def size(self):
        """For people; how much git fetches is known about."""
        return f"{'about ' if self.repository else ''}{places.size(self.bytes)}"


_DATAVERSE = "https://dataverse.harvard.edu/api/access/datafile/"
_SIGNS = ("fist", "ok", "open", "point", "rock_on", "three", "thumb_up", "victory")
_WORDS = (
    "anteojos", "bigote", "boca", "ceja", "cinco", "cuatro", "diez", "domingo", "dos",
    "jueves", "lazo", "lunes", "martes", "miércoles", "nariz", "nueve", "ocho", "ojo",
    "oreja", "pelo", "pendiente", "seis", "siete", "sombrero", "sábado", "tres", "uno", "viernes",
)  # fmt: skip
_ARRANGED = {"hand_signs": signers.arranged, "spoken_digits": speakers.arranged}
"""How what git brings of a set becomes folders of classes."""

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
        Card(
            "hand_signs",
            "Sign Language Digits: about 2,060 photographs of hands that sign 0 to 9",
            tuple("0123456789"),
            "Turkey Ankara Ayrancı Anadolu High School; Mavi: A New Dataset and Proposed CNN Architecture for Classification of "
            "American Sign Language Digits, 2020, arXiv:2011.08927, https://github.com/ardamavi/Sign-Language-Digits-Dataset",
            "Apache-2.0",
            ("hand_signs",),
            repository=Repository(
                "https://github.com/ardamavi/Sign-Language-Digits-Dataset", "306fffc703199e5986ab003935914b72483733ec", 9_300_000
            ),
            groups=r"(p\d+)_",
        ),
        Card(
            "spoken_digits",
            "Free Spoken Digits 1.0.10: 3,000 recordings of English digits by six speakers",
            tuple("0123456789"),
            "Jackson and others: Free Spoken Digit Dataset, version 1.0.10, https://doi.org/10.5281/zenodo.1342401, "
            "https://github.com/Jakobovski/free-spoken-digit-dataset",
            "CC BY-SA 4.0",
            ("spoken_digits",),
            repository=Repository(
                "https://github.com/Jakobovski/free-spoken-digit-dataset", "d6938f9bf1545aa66d8489fc9f1385a7abd64282", 21_100_000
            ),
            groups=r"_([a-z]+)_",
        ),
        Card(
            "skin",
            "HAM10000: 10,015 dermoscopic photographs of 7,470 skin lesions, benign and malignant",
            ("benign", "malignant"),
            "Tschandl, Rosendahl, Kittler: The HAM10000 dataset, Scientific Data 5, 180161 (2018), Harvard Dataverse version 4, "
            "https://doi.org/10.7910/DVN/DBW86T",
            "CC BY-NC 4.0: not for commercial use",
            ("skin_ham10000",),
            (
                Archive(
                    (f"{_DATAVERSE}3172585",),
                    "md5:4639bfa73ab251610530a97c898e6e46",
                    1_366_522_108,
                    "HAM10000_images_part_1.zip",
                ),
                Archive(
                    (f"{_DATAVERSE}3172584",),
                    "md5:da43d6cc50f6613013be07e8986b384b",
                    1_403_566_547,
                    "HAM10000_images_part_2.zip",
                ),
                # Without format=original comes a table that is written anew, of which there is no checksum.
                Archive((f"{_DATAVERSE}4338392?format=original",), "md5:8f85fb1aa29d80a2797247e434deb79d", 690_218, skin.TABLE),
            ),
            beside=(skin.TABLE,),
            groups=r"(HAM_\d+)",
        ),
        Card(
            "moles",
            "Moles through a dermatoscope, rendered for this course: no photographs",
            ("benign", "malignant"),
            "the contributors of this course; studio/ renders them again",
            "CC BY 4.0",
            ("moles/a",),
        ),
        *(
            Card(
                name,
                f"28 Spanish words {how}, by synthesisers, for this course: no recordings of people",
                _WORDS,
                "the contributors of this course; studio/ speaks them again",
                "CC BY 4.0",
                (f"voices/{folder}",),
                groups=r"-(\w+)-\d+$",
            )
            for name, how, folder in (
                ("voices", "in English mouths", "mangled"),
                ("voices_native", "as Spanish has them", "native"),
            )
        ),
        *(
            Card(
                f"felt_{name}",
                f"Felt {title}, rendered for this course",
                classes,
                "the contributors of this course; studio/ renders them again",
                "CC BY 4.0",
                (f"felt/{name}",),
                beside=("scenes.jsonl",),
                groups=groups,
            )
            for name, title, classes, groups in (
                ("cats_vs_dogs", "cats and dogs", ("cats", "dogs"), None),
                ("bees_vs_ants", "bees and ants", ("ants", "bees"), None),
                ("big_cats", "pumas, leopards and cheetahs", ("cheetah", "leopard", "puma"), None),
                ("things", "boats, cars, rockets, shovels and spoons", ("boat", "car", "rocket", "shovel", "spoon"), None),
                ("hand_signs", "gloves that make eight signs", _SIGNS, r"_(p\d+)_"),
            )
        ),
    )
}


def find(name: str) -> Path | None:
    """The folder of a set of the registry, if it is on this machine and holds something."""
    homes = (places.pictures(), places.box())
    folders = (home / folder for home in homes for folder in CARDS[name].folders)
    return next((folder for folder in folders if folder.is_dir() and any(any(walked(below)) for below in inside(folder))), None)


def fetch(name: str, progress: bool = True) -> Path:
    """Download a set of the registry, check it and unpack it. Safe to interrupt and to repeat.

    Raises
    ------
    shoulders.support.downloads.DownloadError
        Names the file, the mirrors and what went wrong with each.
    DatasetError
        For a set that ships with the course and is missing from it.
    """
    card = CARDS[name]
    if folder := find(name):
        return folder
    if not card.sources:
        raise DatasetError(f"{name} ships with the course and is not in {places.box()}: get the course again.")
    home = places.pictures()
    if (goal := home / card.folders[0]).exists():
        raise DatasetError(f"{goal} is there, and holds no class folders with pictures: remove or rename it, and fetch again.")
    if one := card.repository:
        return downloads.check_out(one.url, one.commit, goal, _ARRANGED[name], one.bytes, progress)
    # Named after the set: an images.tar.gz that lies there may be the learner's own.
    archives = [downloads.fetch(a.urls, home / f"{name}-{a.name}", a.checksum, a.bytes, progress) for a in card.archives]
    if name == "cats_vs_dogs":
        return _unpack_pets(archives, goal)
    if name == "skin":
        *pictures, table = archives
        return downloads.unpack(pictures, goal, lambda room: skin.arranged(room, table))
    return downloads.unpack(archives[0], goal)


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
