"""Is the site whole, and can everyone read it? ``make site ARGS=check`` asks, after building.

From the files: every link within the site leads to a page and to a place on it, every picture has words. In Chromium, from a
server on 127.0.0.1: no page asks another server for anything, no script fails, the search finds something, and axe-core finds
nothing serious on the start page, a lesson and a reference page, in the light and in the dark.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SERIOUS = ("serious", "critical")
LOOKED_AT = ("index.html", "lessons/01_predictions_on_predictions.html", "reference/heads.html")
ASKED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
"""What a browser fetches by itself, and where it says from where."""

NOT_FETCHED = ("canonical", "next", "prev", "index", "search", "author", "license")
"""Links in a page's head that only name another page."""


# -------------------------------------------------------------------------------------------------------------- from the files


def pages(html: Path) -> list[Path]:
    """The site's pages; what lies in ``_static`` are a theme's templates."""
    return [path for path in sorted(html.rglob("*.html")) if path.relative_to(html).parts[0] != "_static"]


def problems(html: Path) -> list[str]:
    """A sentence for each link that leads nowhere, each picture without words, each thing that would come from elsewhere."""
    html = html.resolve()
    return [f"{path.relative_to(html)}: {said}" for path in pages(html) for said in _of_page(path, html)]


@cache
def _parsed(path):
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return page, {node.get("id") for node in page.find_all(id=True)} | {node.get("name") for node in page.find_all("a")}


def _of_page(path, html):
    page, _ = _parsed(path)
    for image in page.find_all("img"):
        if not image.get("alt"):
            yield f"a picture without words, {image.get('src', '')[:60]}"
    for kind, name in ASKED.items():
        for node in page.find_all(kind, attrs={name: True}):
            if not set(node.get("rel", [])) & set(NOT_FETCHED) and urlsplit(node[name]).netloc:
                yield f"comes from another server, {node[name]}"
    links = [node["href"] for node in page.find_all(["a", "link"], href=True)]
    for link in {*links, *(node["src"] for node in page.find_all(src=True))}:
        if said := _lost(link, path, html):
            yield said


def _lost(link, path, html):
    """Why a link within the site leads nowhere, or nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    goal = goal / "index.html" if goal.is_dir() else goal
    if not goal.is_file() or html not in goal.parents:
        return f"a link to what is not there, {link}"
    anchor = unquote(parts.fragment)
    if anchor not in ("", "top") and goal.suffix == ".html" and anchor not in _parsed(goal)[1]:
        return f"a link to a place that is not on its page, {link}"
    return ""


# ---------------------------------------------------------------------------------------------------------------- in a browser


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Nothing."""


def seen(html: Path, pictures: Path | None = None) -> list[str]:
    """What a browser finds wrong, a sentence each; with `pictures` it leaves a picture of each page that was looked at there.

    Raises
    ------
    RuntimeError
        Where neither Chromium nor Chrome is on this machine.
    """
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError("neither Chromium nor Chrome is on this machine: install one, then make site ARGS=check again")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            found = [*requests(browser, home, html), *searched(browser, home), *accessible(browser, home, pictures)]
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
    return found


def requests(browser, home: str, html: Path):
    """Open every page; what it asks of others, does not get, or complains about."""
    page, said = browser.new_page(), []
    page.on("request", lambda asked: asked.url.startswith((home, "data:", "blob:")) or said.append(f"asks for {asked.url}"))
    page.on("response", lambda got: got.status >= 400 and said.append(f"gets {got.status} for {got.url}"))
    page.on("pageerror", lambda error: said.append(f"an error in a script, {error}"))
    for path in pages(html):
        name = path.relative_to(html).as_posix()
        page.goto(home + name, wait_until="networkidle")
        yield from (f"{name}: {told}" for told in said if not told.endswith("/favicon.ico"))
        said.clear()
    page.close()


def searched(browser, home: str, words: str = "backbone"):
    """The search page finds what every lesson speaks of."""
    page = browser.new_page()
    page.goto(f"{home}search.html?q={words}")
    try:
        page.wait_for_selector("#search-results ul li a", timeout=20_000)
    except Exception as error:  # playwright's own, which is known only where it is installed
        yield f"search.html: finds nothing for {words!r}, {type(error).__name__}"
    page.close()


def accessible(browser, home: str, pictures: Path | None = None):
    """What axe-core calls serious or critical, on `LOOKED_AT` in both themes."""
    from axe_playwright_python.sync_playwright import Axe

    for theme in ("light", "dark"):
        context = browser.new_context(color_scheme=theme, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        for name in LOOKED_AT:
            page.goto(home + name, wait_until="networkidle")
            if pictures:
                _pictured(page, pictures, f"{name.replace('/', '_')}-{theme}")
            for rule in Axe().run(page).response["violations"]:
                if rule["impact"] in SERIOUS:
                    where = f"{len(rule['nodes'])} times, first at {rule['nodes'][0]['target'][0]}"
                    yield f"{name}, {theme}: {rule['id']}, {rule['help']} ({where})"
        context.close()


def _pictured(page, folder, name):
    for width in (400, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.reload(wait_until="networkidle")
        page.wait_for_timeout(500)  # milliseconds, until the sidebars have moved out of the way
        page.screenshot(path=folder / f"{name}-{width}.png")


def main(html: Path, pictures: Path | None = None) -> int:
    """Say what is wrong with the site, a line each; 1 if anything is."""
    found = [*problems(html), *seen(html, pictures)]
    whole = f"{len(pages(html))} pages: links, words, requests, search and accessibility are as they should be."
    print(*found or [whole], sep="\n")
    return bool(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Checks the site in a folder.")
    parser.add_argument("html", type=Path)
    parser.add_argument("--pictures", type=Path, help="a folder that is there, for pictures of the pages")
    sys.exit(main(**vars(parser.parse_args())))
