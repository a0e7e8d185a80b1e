"""Put the course from a kit on this machine's disk, with its packages, and open it. Needs Python alone, and no network."""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

KIT = Path(__file__).resolve().parent
MARK = ".from_kit"


def main():
    parser = argparse.ArgumentParser(description=__doc__, prog="start")
    default = Path.home() / "shoulders_course"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="where the course is to live")
    parser.add_argument("--no-lab", action="store_true", help="do not open JupyterLab")
    asked = parser.parse_args()
    try:
        open_course(Path(os.path.abspath(asked.folder)), not asked.no_lab)
    except KeyboardInterrupt:
        sys.exit("start: stopped. Started again, it goes on.")
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"start: {error}. If the stick is damaged, `shoulders kit STICK --verify` says so.")
    except subprocess.CalledProcessError:
        why = "its last lines say why; where they speak of hashes, the stick is damaged"
        sys.exit(f"start: the step above failed, and {why}. Started again, it goes on.")


def open_course(home, lab):
    """Do what is not done yet."""
    kit = json.loads((KIT / "kit.json").read_text(encoding="utf-8"))
    target = served(kit)
    if home == KIT or KIT in home.parents:
        sys.exit(f"start: {home} is on the stick, and the course is to live on your disk: give another folder.")
    mark = home / MARK
    found = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else {}
    if home.exists() and found.get("kit") != kit["kit"]:
        other = "holds the course of another kit" if found else "is there already, and not from this kit"
        sys.exit(f"start: {home} {other}. It is left as it is: give another folder, as in `start {home}_2`.")
    if not home.exists():
        need_room(home, target)
        unpack(home, kit)
    if not found.get("installed"):
        install(home, kit, target)
        mark.write_text(json.dumps({"kit": kit["kit"], "installed": True}), encoding="utf-8")
    show(home, lab)


def served(kit):
    """What the kit has for this machine and this Python."""
    system, machine = sys.platform, platform.machine().lower()
    python = "%d.%d" % sys.version_info[:2]  # noqa: UP031 (Pythons that are too old read this line, too)
    here = [target for target in kit["targets"] if (target["system"], target["machine"]) == (system, machine)]
    if not here or sys.maxsize < 2**32:
        titles = ", ".join(dict.fromkeys(target["title"] for target in kit["targets"]))
        sys.exit(f"start: this kit is for {titles} in 64 bits, and this Python is for {system} on {machine}.")
    if system == "darwin" and int(platform.mac_ver()[0].split(".")[0]) < 14:
        sys.exit(f"start: PyTorch needs macOS 14 or later, and this is {platform.mac_ver()[0]}.")
    for target in here:
        if target["python"] == python:
            return target
    pythons = ", ".join(target["python"] for target in here)
    return sys.exit(f"start: the kit has packages for Python {pythons}, and this is {python}: start it with one of those.")


def need_room(home, target):
    """The packages unpacked, their compiled twins, and the course."""
    there = home.parent
    while not there.exists():
        there = there.parent
    needed, free = 1.15 * target["unpacked"] + 3e8, shutil.disk_usage(there).free
    if free < needed:
        sys.exit(f"start: the course needs {needed / 1e9:.1f} GB and only {free / 1e9:.1f} GB are free in {there}.")


def unpack(home, kit):
    """The folder appears only when it is complete."""
    print(f"The course goes to {home}.", flush=True)
    part = home.with_name(home.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    with zipfile.ZipFile(KIT / "course.zip") as archive:
        archive.extractall(part)
    (part / MARK).write_text(json.dumps({"kit": kit["kit"]}), encoding="utf-8")
    part.rename(home)


def install(home, kit, target):
    """An environment of its own in the course's folder, from the kit's wheels alone, each held against its sha256."""
    wheels, venv = KIT / "wheels", home / ".venv"
    count = len((KIT / target["wheels"]).read_text(encoding="utf-8").splitlines())
    print(f"Its {count} packages are installed ({target['unpacked'] / 1e9:.1f} GB), which takes some minutes.", flush=True)
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", venv)
    offline = ["install", "--no-index", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "--find-links", wheels]
    listed = ["--require-hashes", "--requirement", KIT / target["wheels"]]
    run(python(home), KIT / target["pip"] / "pip", *offline, *listed, meanwhile=lambda: tell(venv, count))
    if kit["clone"]:
        run(python(home), "-m", "pip", *offline, "--no-deps", "--no-build-isolation", "--editable", home)
    settings = venv / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    saved = '{"@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}}\n'  # opened again, a widget is as it was
    (settings / "overrides.json").write_text(saved, encoding="utf-8")
    if kit["brings"]:
        run(python(home), "-m", "shoulders.course.kit.arriving", KIT)


def python(home):
    return home / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(*words, meanwhile=lambda: None):
    """Without this machine's own settings for pip and Python."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "PYTHON"))}
    process = subprocess.Popen([str(word) for word in words], env={**kept, "PIP_CONFIG_FILE": os.devnull})
    while process.poll() is None:
        meanwhile()
        time.sleep(0.1)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)


def tell(venv, count):
    """How many packages are there, in a line that is written over."""
    if sys.stdout.isatty():
        here = sum(1 for _ in venv.glob("[Ll]ib*/**/site-packages/*.dist-info"))
        print(f"  {here} of {count}", end="\r", flush=True)


def show(home, lab):
    print(f"The course is in {home}. Its commands: {python(home).with_name('shoulders')}", flush=True)
    if not lab:
        return
    os.chdir(home)
    words = ["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.root_dir=."]
    words += ["--ServerApp.kernel_websocket_connection_class=shoulders.course.lab.PromptConnection"]
    words += ["--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"]
    words += ["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is JupyterLab's, which asks
    run(python(home), *words)


if __name__ == "__main__":
    main()
