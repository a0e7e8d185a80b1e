"""Sphinx's settings for the site; `build_site.py` puts together what it reads. Nothing here, and no page, asks another server."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
repository = settings["tool"]["shoulders"]["repository"].strip()
owner, _, name = repository.partition("/")

project = "Standing on the shoulders of giants"
author = "the contributors of Standing on the shoulders of giants"
copyright = f"{author}. Text and pictures CC BY 4.0, code Apache-2.0"
language = "en"

extensions = [
    "myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "alt_texts",
    "crossings", "formulas",
]
exclude_patterns = ["files/**"]
default_role = "py:obj"

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # lessons keep no widgets' state, and their scripts would come from another server
nb_merge_streams = True
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "sphinx_book_theme"
html_title = project
html_baseurl = f"https://{owner.lower()}.github.io/{name}/" if repository else ""
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "repository_url": f"https://github.com/{repository}" if repository else "",
    "use_repository_button": bool(repository),
    "use_issues_button": bool(repository),
    "use_download_button": False,
    "navbar_start": [], "navbar_center": [], "navbar_end": [], "navbar_persistent": [],  # the sidebar has the search
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
