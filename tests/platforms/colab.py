"""Google Colab, played: its Jupyter and scientific packages of a day, ``/content``, a clone from "GitHub", and what pip brings.

    python tests/platforms/colab.py [--lessons "01 06"] [--environment FOLDER]

Root on Linux, and a package index that pip reaches. What is committed of the course is published in a folder; git is told, in a
home of its own, that GitHub lies there. PyTorch is this Python's own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import playing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
ADDRESS = "someone/shoulders"
PYTORCH = ("torch", "torchvision")
OUTPUT = '''"""What a widget that is not ipywidgets' own asks of Colab."""

asked = []


class _widgets:
    _installed_url = "https://example.org/manager.js"


def enable_custom_widget_manager():
    asked.append("yes")
'''


def listed() -> dict[str, str]:
    """The versions of colab.txt, by name."""
    lines = (HERE / "colab.txt").read_text(encoding="utf-8").splitlines()
    held = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(one.name): next(iter(one.specifier)).version for one in held}


def below() -> list[str]:
    """Where Colab of that day is outside what pyproject.toml asks for; PyTorch is not judged."""
    held = listed()
    return [f"{wanted}, Colab {held[name]}" for name, wanted in playing.asked().items()
            if name in held and held[name] not in wanted.specifier]


def runtime(folder: Path) -> Path:
    """The environment: Colab's versions, PyTorch of this Python with what it needs, and a module that is called google.colab."""
    python = playing.environment(folder, "--no-deps", "-r", str(HERE / "colab.txt"))
    playing.lend(python, PYTORCH)
    fake = next(folder.glob("lib/python3*/site-packages")) / "google" / "colab"
    fake.mkdir(parents=True, exist_ok=True)
    (fake / "__init__.py").write_text("from google.colab import output\n", encoding="utf-8")
    (fake / "output.py").write_text(OUTPUT, encoding="utf-8")
    return python


def home(folder: Path, public: Path) -> Path:
    """A user's home: git finds GitHub in `public`, and a kernel has imported google.colab before the first cell."""
    startup = folder / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-colab.py").write_text("import google.colab\n", encoding="utf-8")
    (folder / ".gitconfig").write_text(f'[url "file://{public}/"]\n\tinsteadOf = https://github.com/\n', encoding="utf-8")
    return folder


def run(python: Path, notebook: Path, work: Path, public: Path):
    """One session: a new /content, a new home, and the packages that the session before had brought."""
    content, own = work / "content", home(work / "home", public)
    content.mkdir()
    (work / "lesson.py").write_bytes((HERE / "lesson.py").read_bytes())
    code = "import google.colab\nprint(len(google.colab.output.asked))"
    environment = [f"HOME={own}", f"PATH={python.parent}:/usr/local/bin:/usr/bin:/bin", "PYDEVD_DISABLE_FILE_VALIDATION=1", "MPLBACKEND=module://matplotlib_inline.backend_inline"]
    command = ["env", *environment, python, work / "lesson.py", notebook, "/content", code]
    places = [(content, "/content", "rw"), (playing.LENDER, playing.LENDER, "ro")]
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(playing.room(work / "root", places, command), stdout=out)
        watch = playing.Watch(process.pid)
        process.wait()
        seconds = watch.stop()
        out.seek(0)
        if process.returncode:
            sys.exit(f"Colab: {notebook.name} ended with {process.returncode}.")
        return json.loads(out.read().splitlines()[-1]), seconds, watch.peak


def loud(text: str) -> list[str]:
    """What a learner would read in red, less what Python's debugger says about itself."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("0.00s - ")]


def told(name: str, found: dict, seconds: float, peak: int) -> None:
    """What one session gave; ends where pip has changed what the runtime brings."""
    said = f"{found['right']} right, {found['not yet']} not yet"
    print(playing.row(f"Colab, Python {found['python']}", name, found["cells"], seconds, peak, said))
    if over := {canonicalize_name(one) for one in found["brought"]} & set(listed()):
        sys.exit(f"{name}: pip has changed what Colab brings: {', '.join(sorted(over))}.")
    manager = "asked for" if int(found["then"]) else "not needed"
    print(f"  brought by pip: {found['brought']}; Colab's widget manager: {manager}")
    for line in loud(found["stderr"]):
        print(f"  {line}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", default=" ".join(playing.LESSONS))
    parser.add_argument("--environment", type=Path, help="where the environment is made, and kept; else it is removed at the end")
    given = parser.parse_args()
    playing.need_root("Colab")
    for line in below():
        print(f"Outside pyproject.toml: {line}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        public = folder / "public"
        course = playing.clone(folder / "course", ADDRESS)
        subprocess.run(["git", "clone", "-q", "--bare", f"file://{course}", public / ADDRESS], check=True)
        python = runtime((given.environment or folder / "environment").resolve())
        print(f"PyTorch {metadata.version('torch')}, IPython {listed()['ipython']}, ipykernel {listed()['ipykernel']}")
        for lesson in given.lessons.split():
            for edition in ("", "solutions/"):
                notebook = next((course / "notebooks" / edition).glob(f"{lesson}_*.ipynb"))
                work = folder / f"{lesson}{edition.strip('/')}"
                work.mkdir()
                found, seconds, peak = run(python, notebook, work, public)
                told(f"{edition}{lesson}", found, seconds, peak)
                if found["brought"]:
                    subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", *found["brought"]], check=True)


if __name__ == "__main__":
    main()
