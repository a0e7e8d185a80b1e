"""Lesson 01: its planted mistake is what it claims, whichever engine runs the network."""

from dataclasses import replace

import numpy as np
from making import set_of

from shoulders import backbones, datasets, editions, exercises, features


def test_the_colleagues_transform_reaches_the_network(tmp_path, exact):
    """A network that has a graph must not go on with the transform that its graph was drawn with."""
    held = datasets.load(set_of(tmp_path / "set", 2, 2))
    backbone = backbones.load("efficientnet_lite0", "random")
    exercise = exercises.lesson_01(editions.Edition("pocket", held, backbone, ""))
    theirs = exercise.colleague(backbone)
    asked = backbone.transform.batch(backbone.transform.picture(held.valid.paths[0])[None])
    given = theirs.transform.batch(theirs.transform.picture(held.valid.paths[0])[None])
    assert np.allclose(given * 60, asked, atol=1e-4)
    ours, said = (features.look(one, [held.valid.paths[0]])["hidden"] for one in (backbone, theirs))
    assert not np.allclose(ours, said, rtol=1e-2)
    undone = replace(theirs, transform=backbone.transform)
    assert np.allclose(features.look(undone, [held.valid.paths[0]])["hidden"], ours, rtol=1e-2, atol=1e-3 * abs(ours).max())
