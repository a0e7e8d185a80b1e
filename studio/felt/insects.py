"""Bees and ants: told apart by their shape, their nap and, most of them, their marks; they share wools and perches."""
import numpy as np

from .sculpt import ball, limb, onto_surface, smooth_path
from .toy import Toy

PERCHES = ["ground", "leaf", "flower", "stone", "twig"]
EYES = {"black": (.012, .01, .01), "brown": (.1, .035, .012), "amber": (.4, .17, .02)}
BEES = {
    "honeybee": dict(thorax=.46, long=1.15, fat=.40, wing=1.55, fuzz=1.2),
    "bumblebee": dict(thorax=.56, long=.95, fat=.56, wing=1.5, fuzz=1.35),
    "carpenter": dict(thorax=.54, long=1.1, fat=.50, wing=1.65, fuzz=1.0),
    "mason": dict(thorax=.45, long=.9, fat=.42, wing=1.4, fuzz=1.2),
}
ANTS = {
    "worker": dict(head=.40, chest=.24, gaster=.50, legs=1.0, jaws=1.0),
    "soldier": dict(head=.54, chest=.26, gaster=.46, legs=.9, jaws=1.6),
    "carpenter": dict(head=.42, chest=.28, gaster=.58, legs=1.05, jaws=1.1),
    "slender": dict(head=.36, chest=.19, gaster=.44, legs=1.25, jaws=.9),
}
# A wing may be clear, amber, smoky or blue-black, so that no single bright spot gives a bee away.
WINGS = {"clear": (.62, .62, .58), "amber": (.42, .26, .08), "smoky": (.16, .12, .09), "dark": (.035, .04, .07)}
# Patterns of `wool.paint` that belong to a class; the colours do not.
MARKS = {"bees": "bands", "ants": "segments"}
FAMILIES = {"bees": BEES, "ants": ANTS}


def draw_manner(rng):
    """Stance and perch: the same draws for bees and for ants."""
    u = lambda a, b: round(float(rng.uniform(a, b)), 3)
    return {"perch": {"kind": str(rng.choice(PERCHES, p=[.3, .2, .22, .14, .14])), "tone": u(0, 1), "high": u(.7, 1.6)},
            "rise": u(0, .22) if rng.random() < .8 else u(.3, .6), "spread": u(.5, 1.35), "gait": u(-.25, .25),
            "feelers": u(-.3, .35), "bend": u(-.12, .3), "iris": str(rng.choice(list(EYES), p=[.6, .2, .2])),
            "eye": u(.9, 1.15), "nod": u(-.12, .12), "turn": u(-.12, .12)}


def draw_shape(kind, rng):
    family = str(rng.choice(list(FAMILIES[kind])))
    return {"family": family, "marks": MARKS[kind] if rng.random() < .8 else None,
            "wing": str(rng.choice(list(WINGS), p=[.4, .25, .2, .15])),
            "wobble": {key: round(float(rng.normal(1, .07)), 3) for key in FAMILIES[kind][family]}}


def worn(kind, coat, shape):
    """A coat as a bee or an ant wears it, in the colours that were drawn for either.

    A bee is shaggy and an ant felted close. With a chance of four in five it wears the marks of its class, a banded tail or
    a rear of the other colour; the others keep the coat's own pattern.
    """
    nap = .07 + .5 * coat["fur"] if kind == "bees" else .3 * coat["fur"]
    return {**coat, "fur": round(nap, 4), "pattern": shape["marks"] or coat["pattern"]}


def build(kind, shape, manner, look=0.0):
    body = {key: value * shape["wobble"][key] for key, value in FAMILIES[kind][shape["family"]].items()}
    body["tint"] = WINGS[shape["wing"]]
    toy = (_bee if kind == "bees" else _ant)(body, manner)
    toy.comb = (-.4, 0, .1)
    return toy


def _bee(body, manner):
    t, fat = body["thorax"], body["fat"]
    toy = Toy(fur={"thorax": 1.3 * body["fuzz"], "abdomen": .9 * body["fuzz"], "head": .8, "foot": .4})
    z = .32 + fat + manner["rise"] * .5
    droop = manner["bend"]
    toy.clay.append(ball([0, 0, z], [t * 1.02, t, t * .96], "thorax", blend=.05))
    tail = np.array([[-t * .75, 0, z], [-t - body["long"] * .45, 0, z - .1 * droop], [-t - body["long"], 0, z - .5 * droop]])
    toy.clay.append(limb(tail, [fat * .85, fat, fat * .55], "abdomen", blend=.05))
    toy.clay.append(ball([t + .22, 0, z - .06], [.27, .36, .33], "head", blend=.05))
    _insect_face(toy, manner, [t + .2, 0, z - .04], .55, .1, .13)
    toy.head = (np.array([t + .22, 0, z]), .75)
    for side in (1, -1):
        for i, (at, out) in enumerate(((.28, .62), (.0, .75), (-.3, .7))):
            swing = manner["gait"] * (1 if (i + (side > 0)) % 2 else -1)
            _leg(toy, [at, side * t * .5, z - t * .7], [at + (.12, 0, -.15)[i] + swing * .4, side * out, z - t * .55],
                 [at + (.3, .02, -.35)[i] + swing, side * (out + .12), manner["rise"]], .075)
        _feeler(toy, [t + .4, side * .12, z + .18], [.2, side * .14, .3 + .2 * manner["feelers"]],
                [.3, side * .06, .05 + .3 * manner["feelers"]], .045)
        for length, width, back, lift in ((1.0, .62, 0, .0), (.7, .5, .5, -.04)):
            toy.sheets.append(_wing([-.08 - .2 * back, side * t * .45, z + t * .82 + lift], side, body["wing"] * length,
                                    width, manner["spread"] - .5 * back, .35 + .25 * manner["feelers"], body["tint"]))
    return toy


def _wing(root, side, length, width, spread, lift, tint):
    """A rounded blade: narrow at the root, swept back by `spread`."""
    t = np.linspace(0, np.pi, 12)
    along = .5 - .5 * np.cos(t)
    half = .5 * width * np.sin(t) ** .7 * (.45 + .75 * along)
    axis = np.array([-np.cos(spread), side * np.sin(spread), lift])
    axis /= np.linalg.norm(axis)
    across = np.cross(axis, [0, 0, 1.0])
    across /= np.linalg.norm(across)
    edge = lambda s: np.asarray(root) + np.outer(along * length, axis) + np.outer(s * half, across)
    return np.vstack([edge(1), edge(-1)[-2:0:-1]]), tint


def _ant(body, manner):
    h, c, g, legs = (body[key] for key in ("head", "chest", "gaster", "legs"))
    toy = Toy(fur={"thorax": .6, "abdomen": .7, "head": .5, "foot": .25, "jaw": .2})
    z = .55 + manner["rise"] * .5
    toy.clay.append(limb([[.38, 0, z + .06], [.08, 0, z + .04], [-.32, 0, z - .04]], [c * .95, c * 1.05, c * .7], "thorax", blend=.04))
    toy.clay.append(ball([-.55, 0, z - .02], [.1, .1, .15], "thorax", blend=.05))
    toy.clay.append(limb([[-.3, 0, z - .05], [-.8, 0, z - .05]], .075, "thorax", blend=.03))
    rear = np.array([-.72 - g * .8, 0, z + .05 - manner["bend"] * .4])
    toy.clay.append(ball(rear, [g * 1.12, g * .86, g * .84], "abdomen", blend=.04))
    toy.clay.append(limb([rear, rear - [g * 1.25, 0, .08]], [g * .6, g * .12], "abdomen", blend=.08))
    middle = np.array([.52 + h * .85, 0, z + .08 + manner["nod"]])
    toy.clay.append(limb([[.36, 0, z + .06], middle - [h * .6, 0, 0]], .11, "thorax", blend=.05))
    for side in (1, -1):
        toy.clay.append(ball(middle + [-h * .22, side * h * .3, .04], [h * .7, h * .62, h * .68], "head", blend=.08))
        toy.clay.append(ball(middle + [h * .45, side * h * .16, -h * .15], [h * .5, h * .42, h * .42], "head", blend=.08))
        jaw = middle + [h * .8, side * h * .3, -h * .3]
        toy.clay.append(limb([jaw, jaw + [.16 * body["jaws"], side * .04, -.02], jaw + [.24 * body["jaws"], -side * .07, -.03]],
                             [.085, .07, .04], "jaw", blend=.03))
        for i, at in enumerate((.3, .05, -.22)):
            swing = manner["gait"] * (1 if (i + (side > 0)) % 2 else -1)
            forward = (.38, .0, -.42)[i]
            _leg(toy, [at, side * c * .7, z - .06], [at + forward * .7 + swing * .4, side * .62 * legs, z + .3],
                 [at + forward * 1.7 + swing, side * 1.05 * legs, manner["rise"] * .3], .06)
        _feeler(toy, middle + [h * .5, side * h * .38, h * .35], [.12, side * .36, .46 + .2 * manner["feelers"]],
                [.55, side * .14, -.12 + .4 * manner["feelers"]], .05)
    _insect_face(toy, manner, middle, .62, .35, .115)
    toy.head = (middle, .8)
    return toy


def _insect_face(toy, manner, start, angle, height, radius):
    radius *= manner["eye"]
    for side in (1, -1):
        gaze = np.array([1, side * angle, height])
        gaze /= np.linalg.norm(gaze)
        centre = onto_surface(toy.clay, start, gaze, sink=radius * .25)
        toy.eyes.append((centre, radius, gaze, EYES[manner["iris"]]))


def _leg(toy, hip, knee, foot, radius):
    hip, knee, foot = (np.array(p, float) for p in (hip, knee, foot))
    toe = foot + np.array([.1, np.sign(foot[1]) * .08, 0])
    path = np.vstack([np.linspace(hip, knee, 4), np.linspace(knee, foot, 5)[1:], toe])
    toy.tubes.append((path, radius * np.linspace(1.2, .6, len(path)), "foot"))


def _feeler(toy, root, scape, whip, radius):
    root = np.array(root, float)
    elbow = root + scape
    path = np.vstack([np.linspace(root, elbow, 4), smooth_path([elbow, elbow + np.array(whip) * .5 + [0, 0, .05], elbow + whip], 6)[1:]])
    toy.tubes.append((path, radius * np.linspace(1, .8, len(path)), "antenna"))
