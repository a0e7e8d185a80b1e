"""The examples in docstrings say what happens: doctest runs them all."""

import doctest
import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

import rooms

WITH_EXAMPLES = [
    ".".join(path.relative_to(rooms.PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for paths in rooms.files().values()
    for path in paths
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_stands_below_them(name, exact):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted and not found.failed


def test_the_functions_that_are_used_most_have_an_example():
    assert len(WITH_EXAMPLES) >= 10
