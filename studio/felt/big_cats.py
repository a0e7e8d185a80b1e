"""Pumas, leopards and cheetahs: builds, heads, and how each wears a coat that was drawn for any of them."""
import numpy as np

from . import animals, wool
from .sculpt import ball, limb, onto_surface, rotation
from .toy import Toy

# Family -> legs, trunk length, girth, head size, how far the muzzle stands out, ears, tail.
PUMAS = {
    "puma": dict(legs=.86, trunk=1.75, girth=.40, head=.44, muzzle=.04, ear=1.0, ears="round", tail="heavy", tuft=.7),
    "lean puma": dict(legs=.95, trunk=1.8, girth=.37, head=.42, muzzle=.05, ear=1.05, ears="round", tail="heavy", tuft=.6),
}
LEOPARDS = {
    "leopard": dict(legs=.68, trunk=1.55, girth=.47, head=.56, muzzle=.06, ear=.85, ears="round", tail="thick", tuft=.7),
    "old leopard": dict(legs=.72, trunk=1.6, girth=.50, head=.60, muzzle=.08, ear=.8, ears="round", tail="thick", tuft=.8),
}
CHEETAHS = {
    "cheetah": dict(legs=1.25, trunk=1.6, girth=.32, head=.38, muzzle=.0, ear=.8, ears="round", tail="ringed", tuft=.6),
    "young cheetah": dict(legs=1.1, trunk=1.4, girth=.31, head=.40, muzzle=-.03, ear=.85, ears="round", tail="ringed", tuft=.8),
}
FAMILIES = {"puma": PUMAS, "leopard": LEOPARDS, "cheetah": CHEETAHS}
# Patterns of `wool.paint`. A puma has no marks: it wears as much of the darker wool on its back, or at its ends.
MARKS = {"puma": ["saddle", "points"], "leopard": ["rosettes"], "cheetah": ["spots"]}
WOOLS = wool.PETS + ["yellow", "teal", "plum"]
CONTRAST = 2.2  # the lighter wool of a coat over the darker: marks in one tone would be none
CELLS = 150  # along a toy's longest side: a spot takes five
TEAR = (.02, .012, .01)


def draw_coat(rng):
    """Two wools that can be told apart, whichever animal will wear them."""
    while True:
        coat = wool.draw_coat(rng, WOOLS)
        tones = sorted(wool.tone(coat[which]) for which in ("first", "second"))
        if tones[1] > CONTRAST * tones[0]:
            return coat


def draw_manner(rng):
    """Pose and expression as cats and dogs have them, the head carried lower."""
    manner = animals.draw_manner(rng)
    return {**manner, "neck": round(.75 * manner["neck"], 3)}


def draw_shape(kind, rng):
    family = str(rng.choice(list(FAMILIES[kind])))
    wobble = {key: round(float(rng.normal(1, .07)), 3) for key in animals.WOBBLY}
    return {"family": family, "wobble": wobble, "marks": str(rng.choice(MARKS[kind]))}


def worn(kind, coat, shape):
    """Marks of the class in the darker of the coat's two wools, on short fur."""
    dark, light = sorted((coat["first"], coat["second"]), key=wool.tone)
    return {**coat, "first": light, "second": dark, "pattern": shape["marks"], "fur": round(.6 * coat["fur"], 4)}


def build(kind, shape, manner, look=0.0):
    """The toy; `look` is the way to the camera."""
    return animals.assemble(FAMILIES[kind][shape["family"]], shape["wobble"], manner, look, HEADS[kind])


def _head(body, manner):
    """A broad muzzle, small eyes, and ears that are round."""
    head, m = Toy(), body["muzzle"]
    clay = head.clay
    clay.append(ball([0, 0, 0], [.50, .50, .44], "head"))
    clay.append(limb([[.3, 0, .12], [.5 + m, 0, -.04]], [.2, .14], "head", blend=.1))
    clay.append(ball([.4 + m, 0, -.31], [.16, .17, .12], "muzzle", blend=.06))
    for side in (1, -1):
        clay.append(ball([.08, side * .27, -.14], [.32, .26, .28], "head"))
        clay.append(ball([.46 + m, side * .12, -.17], [.19, .155, .145], "muzzle", blend=.05))
        _ear(head, body["ear"], manner, side)
    nose = onto_surface(clay, [0, 0, -.06], [1, 0, 0], sink=.02)
    head.beads.append((nose, [.06, .1, .07], animals.NOSES[manner["nose"]]))
    animals.mouth(head, nose, .19, .17)
    animals.face(head, manner, .46, .2, .095 * manner["eye"])
    if manner["whiskers"]:
        animals.whiskers(head, [.52 + m, .18, -.17])
    return head


def _ear(head, size, manner, side):
    turn = rotation(yaw=side * .35, roll=-side * .5)
    centre = np.array([-.06, side * .37, .36])
    head.clay.append(ball(centre, np.array([.09, .19, .21]) * size, "ear", turn, blend=.05))
    if manner["lining"]:
        head.clay.append(ball(centre + turn @ [.05, 0, .01], np.array([.07, .12, .14]) * size, "inside", turn, blend=.02))
        head.colours["inside"] = (.5, .22, .18)
        head.fur["inside"] = .1


def _cheetah_head(body, manner):
    """With the two dark lines from the eyes to the mouth."""
    head = _head(body, manner)
    for side in (1, -1):
        line = [(.17, .1), (.2, .0), (.235, -.1), (.25, -.2), (.22, -.29)]
        path = [onto_surface(head.clay, [0, .5 * side * y, z], [1, .5 * side * y, 0], sink=.004) for y, z in line]
        head.threads.append((np.array(path), .03, TEAR))
    return head


HEADS = {"puma": _head, "leopard": _head, "cheetah": _cheetah_head}
