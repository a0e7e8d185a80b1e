"""Things that stand about: they say nothing about the class of the picture."""
import numpy as np

from . import materials
from .sculpt import tube
from .toy import mesh_object, sphere

PROPS = ("ball", "bowl", "mug", "plant", "stone", "blocks", "yarn", "book")
# Thin pale lines, points, and glossy dark spots elsewhere than on an animal: as whiskers, ears, noses and eyes are.
WORKSHOP = PROPS + ("needles", "hats", "marbles")
PAINTS = [(.55, .05, .04), (.05, .12, .4), (.06, .25, .09), (.7, .45, .06), (.65, .62, .58), (.08, .08, .09),
          (.4, .12, .3), (.1, .35, .38), (.28, .13, .05), (.75, .3, .2)]


def lathe(profile, around=28):
    """Turn a profile of (radius, height) rows about the z axis: vertices and faces."""
    profile = np.asarray(profile, float)
    phi = np.linspace(0, 2 * np.pi, around, endpoint=False)
    ring = np.stack([np.cos(phi), np.sin(phi)], 1)
    v = np.concatenate([np.c_[ring * r, np.full(around, z)] for r, z in profile])
    f = [[i * around + j, i * around + (j + 1) % around, (i + 1) * around + (j + 1) % around, (i + 1) * around + j]
         for i in range(len(profile) - 1) for j in range(around)]
    return v, f


def cuboid(size):
    v = np.array([[x, y, z] for x in (-.5, .5) for y in (-.5, .5) for z in (0, 1)]) * size
    return v, [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]


def place(kind, at, size, colour, rng):
    """Stand one prop of height about `size` on the ground at `at`."""
    material = materials.plain(kind, colour, rng.uniform(.25, .8))
    turn = rng.uniform(0, 6.28)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    for v, f, own in MAKERS[kind](rng):
        mesh_object(kind, v @ spin.T * size + at, f, own or material, smooth=kind not in ("blocks", "book"))


def _ball(rng):
    v, f = sphere(24, 16)
    return [(v * .5 + [0, 0, .5], f, None)]


def _bowl(rng):
    v, f = lathe([(0, .02), (.4, 0), (.6, .4), (.55, .4), (.4, .12), (0, .1)])
    return [(v, f, None)]


def _mug(rng):
    v, f = lathe([(0, 0), (.36, 0), (.38, .8), (.33, .8), (.32, .1), (0, .1)])
    ring = np.linspace(-1.5, 1.5, 10)
    handle, faces, _ = tube(np.stack([.36 + .25 * np.cos(ring), 0 * ring, .42 + .26 * np.sin(ring)], 1), .055)
    return [(v, f, None), (handle, faces.tolist(), None)]


def _edge(angle, out, up, width):
    """One edge of a leaf that grows away from the middle at `angle`."""
    d, n = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    return np.c_[np.outer(out, d) + np.outer(width, n), up]


def _plant(rng):
    v, f = lathe([(0, 0), (.26, 0), (.36, .5), (.3, .5), (0, .45)])
    green = materials.plain("leaf", (rng.uniform(.03, .12), rng.uniform(.15, .3), .04), .5)
    parts = [(v, f, None)]
    for _ in range(9):
        a, lean, long = rng.uniform(0, 6.28), rng.uniform(.2, 1.0), rng.uniform(.6, 1.0)
        t = np.linspace(0, 1, 6)
        out, up = long * lean * t, .45 + long * (t - .55 * lean * t**2)
        width = .13 * np.sin(np.pi * np.clip(t * .93 + .07, 0, 1))
        parts.append((np.vstack([_edge(a, out, up, width), _edge(a, out, up, -width)]), [[i, i + 1, i + 7, i + 6] for i in range(5)], green))
    return parts


def _stone(rng):
    v, f = sphere(18, 12)
    bumps = 1 + .12 * np.sin(v @ rng.normal(size=(3, 3)) * 3).sum(1, keepdims=True)
    return [(v * bumps * [.6, .5, .35] + [0, 0, .25], f, None)]


def _blocks(rng):
    parts = []
    for shift in ([0, 0, 0], [.5, .15, 0], [.2, .05, .42]):
        v, f = cuboid([.42, .42, .42])
        parts.append((v + shift, f, materials.plain("block", PAINTS[rng.integers(len(PAINTS))], .5)))
    return parts


def _yarn(rng):
    t = np.linspace(0, 60, 420)
    p = np.stack([np.cos(t) * np.cos(t * .137), np.sin(t) * np.cos(t * .137), np.sin(t * .137)], 1)
    p = p @ np.linalg.qr(rng.normal(size=(3, 3)))[0] * .46 + [0, 0, .5]
    v, f, _ = tube(p, .055, 5)
    inner, faces = sphere()
    return [(v, f.tolist(), None), (inner * .45 + [0, 0, .5], faces, None)]


def _book(rng):
    return [(v + [0, 0, h], f, own) for (v, f), h, own in
            ((cuboid([1.1, .8, .16]), 0, None), (cuboid([1.0, .7, .14]), .16, materials.plain("page", (.6, .56, .45))))]


def _needles(rng):
    """A ball of yarn with knitting needles in it."""
    parts = _yarn(rng)
    steel = materials.plain("needle", (.75, .74, .7), .3)
    for turn in rng.uniform(0, 6.28, 4):
        tip = np.array([np.cos(turn), np.sin(turn), rng.uniform(.3, 1.1)])
        v, f, _ = tube(np.linspace([0, 0, .4], [0, 0, .4] + 1.1 * tip, 4), .018, 6)
        parts.append((v, f.tolist(), steel))
    return parts


def _hats(rng):
    """Pointed hats, lined with another colour."""
    v, f = lathe([(.3, 0), (.27, .05), (.02, .75), (0, .76)], 20)
    lining, g = lathe([(.18, .03), (.02, .5)], 20)
    pink = materials.plain("lining", (.5, .22, .18), .9)
    wool = materials.plain("hat", tuple(rng.uniform(.5, 1.3) * np.array(PAINTS[rng.integers(len(PAINTS))])), .95)
    shifts = np.array([[.0, -.33, 0], [.05, .33, 0]])
    return [piece for at in shifts for piece in ((v + at, f, wool), (lining + at + [.12, 0, 0], g, pink))]


def _marbles(rng):
    """Glass balls and buttons, some of them dark."""
    v, f = sphere(18, 12)
    tones = [(.012, .01, .01), (.1, .035, .012), (.45, .2, .02), (.12, .28, .5), (.16, .3, .06)]
    parts = []
    for _ in range(5):
        r = rng.uniform(.1, .2)
        at = np.array([*rng.uniform(-.6, .6, 2), r])
        parts.append((v * r + at, f, materials.plain("marble", tones[rng.integers(len(tones))], .08)))
    return parts


MAKERS = {"ball": _ball, "bowl": _bowl, "mug": _mug, "plant": _plant, "stone": _stone, "blocks": _blocks,
          "yarn": _yarn, "book": _book, "needles": _needles, "hats": _hats, "marbles": _marbles}


def perch(card, size, rng):
    """What an insect sits on, with its top at z = 0; returns the height of the ground below."""
    if card is None or card["kind"] == "ground":
        return 0.0
    return {"leaf": _leaf_perch, "flower": _flower_perch, "stone": _stone_perch, "twig": _twig_perch}[card["kind"]](card, size, rng)


def _leaf_perch(card, size, rng):
    t = np.linspace(-1, 1, 15)
    width = .95 * size * (1 - t**2) ** .6 * (1 - .25 * t)
    turn = rng.uniform(-.5, .5)
    rows = []
    for s in np.linspace(-1, 1, 7):
        rows.append(np.stack([2.1 * size * t, s * width, -.16 * size * s**2 - .14 * size * t**2 + .03 * size * (abs(s) > .1)], 1))
    v = np.concatenate(rows) @ np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    f = [[i * 15 + j, i * 15 + j + 1, i * 15 + j + 16, i * 15 + j + 15] for i in range(6) for j in range(14)]
    green = (.06 + .12 * card["tone"], .2 + .1 * card["tone"], .03)
    mesh_object("leaf", v - [0, 0, .03 * size], f, materials.plain("leaf", green, .55))
    _stem([-2.0 * size, 0, -.15 * size], card["high"] * size, size)
    return -card["high"] * size


def _stem(top, drop, size):
    top = np.array(top)
    v, f, _ = tube(np.linspace(top, top - [.15 * size, 0, drop], 5), .06 * size)
    mesh_object("stem", v, f, materials.plain("stem", (.08, .16, .03), .7))


def _flower_perch(card, size, rng):
    colour = PAINTS[int(card["tone"] * (len(PAINTS) - 1e-6))]
    petals = materials.plain("petal", tuple(min(1, c * 1.3 + .08) for c in colour), .8)
    count = int(rng.integers(7, 13))
    for a in np.arange(count) * 2 * np.pi / count:
        t = np.linspace(0, 1, 6)
        width = size * .5 * np.sin(np.pi * np.clip(.12 + .86 * t, 0, 1)) ** .8
        out, up = size * (.35 + 1.35 * t), size * (-.12 + .12 * np.sin(2.5 * t))
        low = up - .06 * size
        mesh_object("petal", np.vstack([_edge(a, out, low, width), _edge(a, out, up, 0 * width), _edge(a, out, low, -width)]),
                    [[k * 6 + i, k * 6 + i + 1, k * 6 + i + 7, k * 6 + i + 6] for k in (0, 1) for i in range(5)], petals)
    v, f = lathe([(0, 0), (.3, -.01), (.5, -.06), (.55, -.14), (0, -.2)])
    mesh_object("disc", v * size, f, materials.plain("disc", (.45, .26, .03), .95))
    _stem([0, 0, -.15 * size], card["high"] * size, size)
    return -card["high"] * size


def _stone_perch(card, size, rng):
    v, f = sphere(26, 16)
    bumps = 1 + .05 * np.sin(v @ rng.normal(size=(3, 3)) * 3).sum(1, keepdims=True)
    v = v * bumps * [1.9, 1.6, .8]
    v = v * size - [0, 0, .97 * size * v[:, 2].max()]
    grey = .12 + .3 * card["tone"]
    mesh_object("stone", v, f, materials.plain("stone", (grey, grey * .95, grey * .88), .9))
    return -.9 * size


def _twig_perch(card, size, rng):
    turn = rng.uniform(-.3, .3)
    axis = np.array([np.cos(turn), np.sin(turn), rng.uniform(-.04, .04)])
    points = np.linspace(-4, 4, 16)[:, None] * axis * size + rng.normal(0, .03 * size, (16, 3)) - [0, 0, .3 * size]
    v, f, _ = tube(points, .3 * size, 14)
    brown = .06 + .14 * card["tone"]
    mesh_object("twig", v, f, materials.plain("twig", (brown * 1.3, brown * .8, brown * .45), .95))
    return -card["high"] * size
