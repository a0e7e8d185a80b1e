"""A set that comes as a git repository: whole, at its commit or not at all, and nobody who teaches also judges."""

import os
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from making import paint, photograph, start

from shoulders import datasets
from shoulders.datasets import signers
from shoulders.support import downloads, places
from shoulders.support.downloads import DownloadError
from shoulders.support.errors import DatasetError

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ROWS = [  # of one signer each: a number is skipped, one sign is shown twice, one comes before its row, one is missing
    *[[(100 + 10 * i + digit, digit) for digit in range(10)] for i in range(5)],
    [(150, 0), (151, 1), (153, 2), (154, 3), (155, 4), (156, 5), (157, 6), (158, 7), (159, 8), (160, 8), (161, 9)],
    [(400, 5), (401, 0), (402, 1), (403, 2), (404, 3), (405, 4), (406, 6), (407, 7), (408, 8), (409, 9)],
    *[[(410 + 10 * i + digit, digit) for digit in range(9 if i == 1 else 10)] for i in range(4)],
]


def git(folder, *words):
    name = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    return subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A repository as the publisher's, of painted pictures, and its last commit."""
    root = tmp_path_factory.mktemp("published")
    for number, digit in sum(ROWS, []):
        (root / "Dataset" / str(digit)).mkdir(parents=True, exist_ok=True)
        paint(number, (20, 20)).save(root / "Dataset" / str(digit) / f"IMG_{number}.JPG")
    (root / "README.md").write_text("# Hands\n")
    (root / "Dataset" / "0" / "elsewhere").symlink_to("/etc")
    git(root, "init", "--quiet")
    for message in ("first", "second"):
        (root / "LICENSE").write_text(message)
        git(root, "add", ".")
        git(root, "commit", "--quiet", "-m", message)
    return root, git(root, "rev-parse", "HEAD")


@pytest.fixture
def offered(published, monkeypatch, tmp_path):
    """The card of the set, with this repository in the place of the publisher's."""
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")

    def offer(url=None, commit=None):
        here = datasets.Repository(url or published[0].as_uri(), commit or published[1], 1000)
        monkeypatch.setitem(datasets.CARDS, "hand_signs", replace(datasets.CARDS["hand_signs"], repository=here))

    offer()
    return offer


def left(folder):
    return sorted(path.name for path in folder.glob("*") if path.suffix != ".lock")


def test_a_signer_begins_where_a_digit_comes_again():
    assert signers.whose(sum(ROWS, [])) == sum(([i] * len(row) for i, row in enumerate(ROWS, 1)), [])
    assert signers.whose([]) == []


def test_the_set_comes_arranged_and_nobody_is_on_both_sides(offered, published, tmp_path):
    folder = datasets.fetch("hand_signs")
    assert folder == datasets.find("hand_signs") == tmp_path / "data" / "hand_signs"
    parts = {"train": ROWS[:7], "valid": ROWS[9:]}  # of 11 signers two judge, and the two before them are in no part
    wanted = {
        f"{part}/{digit}/p{signer:03}_IMG_{number}.JPG": (published[0] / "Dataset" / str(digit) / f"IMG_{number}.JPG")
        for part, rows in parts.items()
        for signer, row in enumerate(rows, 1 if part == "train" else 10)
        for number, digit in row
    }
    there = photograph(folder)
    assert sorted(there) == sorted(wanted)
    assert all((folder / name).read_bytes() == path.read_bytes() for name, path in wanted.items())
    held = datasets.load("hand_signs")
    assert (len(held.train), len(held.valid), held.findings) == (71, 20, ())
    assert held.classes == tuple("0123456789") == datasets.CARDS["hand_signs"].classes
    assert set(held.train.together) == {f"p{i:03}" for i in range(1, 8)} and set(held.valid.together) == {"p010", "p011"}
    assert left(folder.parent) == ["hand_signs"]


def test_what_is_here_is_not_fetched_again(offered, capfd):
    folder = datasets.fetch("hand_signs")
    assert "about 1 kB from file://" in capfd.readouterr().err
    before = photograph(folder)
    offered("file:///nowhere")
    assert datasets.fetch("hand_signs") == folder and photograph(folder) == before


def test_nothing_older_than_the_commit_comes(published, tmp_path):
    url, commit = published[0].as_uri(), published[1]
    seen = []

    def arrange(room):
        seen.append(git(room, "log", "--format=%H"))
        assert not os.path.islink(room / "Dataset" / "0" / "elsewhere")
        return room / "Dataset"

    downloads.check_out(url, commit, tmp_path / "here", arrange, progress=False)
    assert seen == [commit]


@pytest.mark.parametrize(
    ("url", "commit", "said"),
    [
        (None, "0123456789" * 4, "has no such commit any more. Get the newest version of this course"),
        ("file:///nowhere/at/all", None, "git says .fatal: '/nowhere/at/all' does not appear to be a git repository.. Check the"),
        ("http://127.0.0.1:9/hands", None, "git says .fatal: .*Check the network and the disk"),
    ],
)
def test_what_git_cannot_bring_is_said_and_leaves_nothing(offered, tmp_path, url, commit, said):
    offered(url, commit)
    with pytest.raises(DownloadError, match=said) as error:
        datasets.fetch("hand_signs")
    assert "\n" not in str(error.value)
    assert left(tmp_path / "data") == []


def test_without_git_there_is_a_sentence(offered, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DownloadError, match="the program git, which is not on this machine: install it from https://git-scm.com"):
        datasets.fetch("hand_signs")
    assert left(tmp_path / "data") == []


def test_a_full_disk_is_said_before_git_is_asked(published, tmp_path):
    with pytest.raises(DownloadError, match="needs 2000000.0 GB but only"):
        downloads.check_out("file:///nowhere", published[1], tmp_path / "here", bytes_=10**15, progress=False)


FETCH = """
import sys, time
from shoulders.support import downloads

def stay(room):
    print("all is here", flush=True)
    time.sleep(60)

downloads.check_out(*sys.argv[1:4], stay, progress=False)
"""


def test_killed_in_the_middle_then_repeated(offered, published, tmp_path):
    goal = tmp_path / "data" / "hand_signs"
    process = start(FETCH, published[0].as_uri(), published[1], goal)
    assert process.stdout.readline() == "all is here\n"
    process.kill()
    process.wait()
    assert [name.startswith(".hand_signs.unpack-") for name in left(goal.parent)] == [True]
    assert len(photograph(datasets.fetch("hand_signs"))) == 91
    assert left(goal.parent) == ["hand_signs"]


def test_a_repository_that_the_environment_names_stays_as_it_is(offered, published, monkeypatch):
    before = git(published[0], "for-each-ref"), photograph(published[0] / ".git")
    monkeypatch.setenv("GIT_DIR", str(published[0] / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(published[0]))
    assert len(photograph(datasets.fetch("hand_signs"))) == 91
    monkeypatch.undo()
    assert (git(published[0], "for-each-ref"), photograph(published[0] / ".git")) == before


def test_too_few_signers_make_no_two_parts(tmp_path):
    for number, digit in sum(ROWS[:3], []):
        (tmp_path / "Dataset" / str(digit)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "Dataset" / str(digit) / f"IMG_{number}.JPG").write_bytes(b"a picture")
    with pytest.raises(DatasetError, match="pictures of 3 signers in Dataset/0 to Dataset/9, too few"):
        signers.arranged(tmp_path)
    with pytest.raises(DatasetError, match="pictures of 0 signers"):
        signers.arranged(tmp_path / "nothing")


def test_any_numbers_leave_nobody_on_both_sides(tmp_path):
    """Numbers skipped and digits left out by chance."""
    for seed in range(20):
        rng, room = np.random.default_rng(seed), tmp_path / str(seed)
        number = 0
        for _ in range(rng.integers(8, 30)):
            for digit in np.flatnonzero(rng.random(10) < 0.9):
                number += int(rng.integers(1, 4))
                (room / "Dataset" / str(digit)).mkdir(parents=True, exist_ok=True)
                (room / "Dataset" / str(digit) / f"IMG_{number}.JPG").write_bytes(b"")
        there = signers.arranged(room)
        who = {part: {path.name[:4] for path in (there / part).rglob("*.JPG")} for part in ("train", "valid")}
        last = {part: [int(re.search(r"_(\d+)\.", path.name)[1]) for path in (there / part).rglob("*.JPG")] for part in who}
        assert who["train"] and who["valid"] and not who["train"] & who["valid"]
        assert max(last["train"]) < min(last["valid"])
