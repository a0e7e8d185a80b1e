"""JupyterHub, real, on loopback: two users run lesson 01 at once; course, weights and packages are shared and read only.

    python tests/platforms/hub.py [--lessons "01"] [--environment FOLDER] [--proxy FILE]

Root on Linux; pip brings jupyterhub and npm its proxy, configurable-http-proxy, where --proxy names none. Each user is a process
of another number with a home of its own. Judged at the end: nothing has come into what is shared, each has what is remembered and
guessed in the own home alone, and neither can read the other's home or open the other's server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.error import HTTPError

import playing
import served

HERE = Path(__file__).resolve().parent
USERS = {"ann": 61001, "bob": 61002}
GUESSES = {"ann": 91, "bob": 23}
COURSE, WEIGHTS = "/course", "/weights"
LOOK = """
import os, pathlib
from shoulders.support import places
print("cache", places.cache())
for name in {names!r}:
    try:
        print("sees", name, sorted(os.listdir(pathlib.Path({homes!r}) / name)) and "yes")
    except OSError as error:
        print("sees", name, type(error).__name__)
for shared in ({course!r}, {weights!r}):
    try:
        (pathlib.Path(shared) / "written").touch()
        print("writes", shared)
    except OSError as error:
        print("refused", shared)
"""


def proxy(folder: Path) -> Path:
    """configurable-http-proxy from npm."""
    if there := shutil.which("configurable-http-proxy"):
        return Path(there)
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, "configurable-http-proxy"], check=True)
    return folder / "node_modules" / ".bin" / "configurable-http-proxy"


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file below a folder, with its size and time."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def start(folder: Path, shared: dict[str, Path], made: Path, proxy: Path) -> tuple[subprocess.Popen, served.Server]:
    """The Hub in its room; the teacher's way in."""
    port, hub_port, proxy_port = playing.free_port(), playing.free_port(), playing.free_port()
    given = {
        "homes": str(folder / "homes"), "users": USERS, "port": port, "hub_port": hub_port, "proxy_port": proxy_port,
        "folder": str(folder / "hub"), "proxy": str(proxy), "token": secrets.token_hex(16),
        "course": COURSE, "weights": WEIGHTS, "environment": str(made),
    }
    (folder / "hub").mkdir(mode=0o700)
    environment = os.environ | {"PLAYED_HUB": json.dumps(given), "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16), "HOME": str(folder / "hub")}
    config = folder / "hub_config.py"
    config.write_bytes((HERE / "hub_config.py").read_bytes())
    python = Path(sys.base_prefix)
    places = [*((path, where, "ro") for where, path in shared.items()), (playing.LENDER, playing.LENDER, "ro"), (python, python, "ro")]
    command = [made / "bin" / "jupyterhub", "-f", config]
    with open(folder / "hub.log", "w") as log:
        process = subprocess.Popen(
            playing.room(folder / "root", places, command, instead="/root"), env=environment, cwd="/tmp", stdout=log, stderr=log,
        )
    return process, served.Server(f"http://127.0.0.1:{port}/hub/", given["token"])


def enter(hub: served.Server, user: str) -> served.Server:
    """Start a user's server through the Hub; the user's own way in."""
    hub.call("POST", f"api/users/{user}/server")
    hub.wait(f"api/users/{user}", lambda found: found["servers"].get("", {}).get("ready"))
    token = hub.call("POST", f"api/users/{user}/tokens", {"note": "a page"})["token"]
    return served.Server(hub.address.replace("/hub/", f"/user/{user}/"), token)


def closed(server: served.Server, token: str) -> int:
    """How a user's server answers the token of another."""
    try:
        served.Server(server.address, token).call("GET", "api/contents")
    except HTTPError as error:
        return error.code
    return 200


async def together(servers: dict[str, served.Server], notebook: str, homes: Path):
    """All users run a notebook at once, each with a guess of the own."""
    look = LOOK.format(names=list(USERS), homes=str(homes), course=COURSE, weights=WEIGHTS)

    def learner(user):
        return lambda source: source.replace('new pictures", None)', f'new pictures", {GUESSES[user]})')

    runs = [served.run(server, notebook, learner(user), look) for user, server in servers.items()]
    return dict(zip(servers, await asyncio.gather(*runs)))


def judged(user: str, session: served.Session, home: Path) -> list[str]:
    """What is not as it has to be for one user."""
    other = next(name for name in USERS if name != user)
    cache = home / ".cache" / "shoulders"
    guesses = (cache / "guesses.jsonl").read_text(encoding="utf-8") if (cache / "guesses.jsonl").exists() else ""
    right = {
        f"a cell failed: {session.failed}": not session.failed,
        f"the cache is not {cache}": f"cache {cache}\n" in session.said,
        f"{other}'s home is open": f"sees {other} PermissionError" in session.said,
        "what is shared can be written to": session.said.count("refused /") == 2 and "writes /" not in session.said,
        "the own guess is not kept": f"{float(GUESSES[user])}" in guesses,
        f"{other}'s guess is kept, too": f"{float(GUESSES[other])}" not in guesses,
        "files of another in the home": all(path.lstat().st_uid == USERS[user] for path in home.rglob("*")),
    }
    return [f"{user}: {wrong}." for wrong, fine in right.items() if not fine]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", default="01")
    parser.add_argument("--environment", type=Path, help="where the environment is made, and kept; else it is removed at the end")
    parser.add_argument("--proxy", type=Path)
    given = parser.parse_args()
    playing.need_root("JupyterHub")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        folder.chmod(0o755)
        made = (given.environment or folder / "environment").resolve()
        python = playing.environment(made, "jupyterhub")
        playing.lend(python, [*playing.asked("lab"), "jupyterlab"])
        shared = {COURSE: playing.clone(folder / "course"), WEIGHTS: folder / "weights", str(made): made}
        shared[WEIGHTS].mkdir()
        for user, number in USERS.items():
            home = folder / "homes" / user
            home.mkdir(parents=True, mode=0o700)
            os.chown(home, number, number)
        before = {where: everything(path) for where, path in shared.items()}
        process, hub = start(folder, shared, made, given.proxy or proxy(folder / "proxy"))
        watch = playing.Watch(process.pid)
        try:
            hub.wait("api/", seconds=60)
            print("JupyterHub", hub.call("GET", "api/")["version"])
            servers = {user: enter(hub, user) for user in USERS}
            wrong = [f"{one} opens {other}'s server." for one in USERS for other in USERS
                     if one != other and closed(servers[other], servers[one].token) not in (401, 403, 404)]
            for lesson in given.lessons.split():
                notebook = next((shared[COURSE] / "notebooks").glob(f"{lesson}_*.ipynb")).name
                for user, session in asyncio.run(together(servers, f"notebooks/{notebook}", folder / "homes")).items():
                    wrong += judged(user, session, folder / "homes" / user)
                    said = f"guessed {GUESSES[user]}, {session.said.count('Not yet:')} not yet; memory of the Hub and both users"
                    print(playing.row(f"JupyterHub, {user}", lesson, session.cells, session.seconds, watch.peak, said))
                    print(session.red, end="")
        except Exception:
            print((folder / "hub.log").read_text()[-6000:])
            raise
        finally:
            for user in USERS:
                try:
                    hub.call("DELETE", f"api/users/{user}/server")
                except OSError:
                    continue
            watch.stop()
            process.terminate()
            process.wait()
        for where, path in shared.items():
            changed = set(before[where].items()) ^ set(everything(path).items())
            wrong += [f"{where} has changed: {', '.join(sorted({name for name, _ in changed})[:5])}."] if changed else []
        print("\n".join(wrong) or "Nothing came into what is shared, and neither saw the other's.")
        sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
