"""The shelf: one builder for each further class. Every toy faces +x and stands on z = 0."""
import numpy as np

from .props import PAINTS
from .sculpt import HOLLOW, Block, ball, block, limb, onto_surface, reach, rotation, smooth_path
from .toy import Toy

DARK, WHITE, PINK = (.015, .013, .013), (.75, .73, .68), (.6, .25, .22)
BLACK_EYE = (.012, .01, .01)
GREEN, LEAF, WOOD, STEEL = (.07, .2, .04), (.1, .28, .05), (.25, .12, .05), (.38, .39, .41)


def draw_manner(rng):
    u = lambda a, b: round(float(rng.uniform(a, b)), 3)
    return {"turn": u(-.6, .6), "lean": u(-.12, .12), "eye": u(.9, 1.15)}


def build(kind, shape, manner, look=0.0):
    """A thing turns half-way to the camera, so that one sees what it is."""
    rng = np.random.default_rng(shape["seed"])
    toy = MAKERS[kind](rng)
    lean = manner["lean"] if kind in LEANERS else 0
    follow = .95 if kind in STARERS else .6
    toy = toy.moved(rotation(yaw=follow * look + manner["turn"], roll=lean))
    lift = rng.uniform(.1, .5) if kind in FLYERS else 0
    return toy.moved(shift=(0, 0, lift - _lowest(toy)))


def _lowest(toy):
    tubes = [np.min(p[:, 2] - np.max(r)) for p, r, _ in toy.tubes]
    solid = [lump for lump in toy.clay if lump.part != HOLLOW]
    carved = [lump.centre[2] + lump.half[2] for lump in toy.clay if lump.part == HOLLOW and isinstance(lump, Block) and lump.centre[2] < 0]
    return min([max([reach(solid)[0][2]] + carved)] + tubes)


def _paint(rng, options=PAINTS):
    return tuple(np.array(options[rng.integers(len(options))]) * rng.uniform(.8, 1.2))


def _vary(rng, *values, spread=.1):
    return [v * rng.uniform(1 - spread, 1 + spread) for v in values]


def _eyes(toy, start, angle, height, radius):
    for side in (1, -1):
        gaze = np.array([1, side * angle, height])
        gaze /= np.linalg.norm(gaze)
        toy.eyes.append((onto_surface(toy.clay, start, gaze, sink=radius * .3), radius, gaze, BLACK_EYE))


def _ring(centre, radius, axis, count=22, stretch=1.0):
    """A circle around `axis` ('x', 'y' or 'z')."""
    a = np.linspace(0, 2 * np.pi, count)
    c, s, o = radius * np.cos(a), radius * stretch * np.sin(a), 0 * a
    return np.stack({"x": (o, c, s), "y": (c, o, s), "z": (c, s, o)}[axis], 1) + np.asarray(centre, float)


def _ball(rng):
    toy = Toy([ball([0, 0, 1], 1, "body")])
    if rng.random() < .6:
        colour = _paint(rng)
        for axis in "xyz"[:rng.integers(1, 4)]:
            toy.tubes.append((_ring([0, 0, 1], 1.0, axis), .06, "seam"))
        toy.colours["seam"] = colour
    return toy


def _bat(rng):
    toy = Toy([ball([0, 0, 1], [.42, .42, .55], "body"), ball([.12, 0, 1.62], .36, "head"), ball([.42, 0, 1.52], [.14, .16, .12], "muzzle", blend=.05)])
    spread, up = rng.uniform(1.5, 2.0), rng.uniform(.1, .7)
    for side in (1, -1):
        toy.clay.append(limb([[.05, side * .2, 1.85], [.05, side * .3, 2.25]], [.17, .06], "ear", flat=((1, 0, 0), .5)))
        tip, wrist = np.array([-.15, side * spread, .9 + up]), np.array([0, side * spread * .5, 1.45 + up])
        toy.tubes.append((smooth_path([[0, side * .3, 1.25], wrist, tip], 10), np.linspace(.09, .04, 10), "wing"))
        for end in (.35, .68, 1.0):
            low = np.array([-.1, side * spread * end, .62 + up * end + .12 * (end == 1)])
            toy.clay.append(limb([[0, side * .2, 1.15], wrist * [1, end, 1] - [0, 0, .12], low], [.16, .18, .06], "wing", flat=((1, 0, 0), .22), blend=.1))
            toy.clay.append(limb([wrist - [0, 0, .1], low], [.16, .07], "wing", flat=((1, 0, 0), .22), blend=.08))
        toy.clay.append(limb([[.05, side * .15, .55], [.1, side * .17, .35]], [.09, .06], "paw"))
    toy.fur["wing"] = .25
    _eyes(toy, [.12, 0, 1.62], .45, .2, .085)
    for side in (1, -1):
        toy.beads.append((np.array([.53, side * .06, 1.44]), [.025, .025, .06], WHITE))
    toy.colours["wing"] = _paint(rng, [(.05, .035, .03), (.12, .06, .04), (.07, .07, .09)])
    toy.head = (np.array([.12, 0, 1.62]), .6)
    return toy


def _bird(rng):
    fat, long = _vary(rng, .55, .85, spread=.15)
    toy = Toy([limb([[-.35, 0, .85], [.2, 0, 1.0]], [fat * .8, fat], "body", blend=.1), ball([.5, 0, 1.5], .38, "head", blend=.15)])
    toy.clay.append(limb([[-.6, 0, .85], [-.7 - long, 0, .8 + rng.uniform(-.1, .5)]], [.28, .2], "tail", flat=((0, 0, 1), .35)))
    beak = rng.uniform(.18, .42)
    toy.clay.append(limb([[.8, 0, 1.46], [.88 + beak, 0, 1.4]], [.13, .03], "beak", blend=.02))
    raised = rng.random() < .35
    for side in (1, -1):
        tip = [-.5, side * (1.5 if raised else .72), 1.7 if raised else .75]
        toy.clay.append(limb([[.2, side * fat * .8, 1.1], np.array(tip) * .6 + [.08, 0, .42], tip], [.28, .3, .1], "wing", flat=((0, .8, .6) if not raised else (0, -side * .5, .8), .4)))
        toy.tubes.append((np.array([[0, side * .2, .5], [.05, side * .22, .25], [.02, side * .22, .04]]), .05, "beak"))
        for toe in (-.6, 0, .6):
            toy.tubes.append((np.array([[.02, side * .22, .04], [.25, side * .22 + .15 * toe, .03]]), .04, "beak"))
    toy.colours["beak"], toy.fur["beak"] = _paint(rng, [(.65, .3, .03), (.5, .12, .03), (.05, .05, .05)]), 0
    _eyes(toy, [.5, 0, 1.5], .8, .25, .085)
    toy.head = (np.array([.5, 0, 1.5]), .7)
    return toy


def _boat(rng):
    hull = ball([0, 0, .75], [1.6, .62, .75], "hull")
    toy = Toy([hull, ball([0, 0, .85], [1.35, .45, .5], HOLLOW), block([0, 0, 1.75], [3, 3, 1], HOLLOW)])
    toy.clay.append(limb([[.05, 0, .2], [.05, 0, 2.7]], .07, "mast"))
    for sign, wide in ((-1, 1.15), (1, .8)):
        for t in np.linspace(0, 1, 9):
            z = 1.0 + 1.55 * t
            toy.clay.append(limb([[.05 + sign * .1, .04 * t, z], [.05 + sign * (.14 + wide * (1 - t)), .1, z]], .12, "sail" if sign < 0 else "jib", flat=((0, 1, 0), .4), blend=.08))
    toy.clay.append(limb([[.05, 0, 2.72], [-.3, 0, 2.66]], [.08, .03], "flag", flat=((0, 1, 0), .4)))
    toy.colours = {"hull": _paint(rng), "mast": WOOD, "sail": _paint(rng, [WHITE, (.7, .6, .42), (.5, .08, .06)]), "jib": _paint(rng, [WHITE, (.6, .3, .2)]), "flag": _paint(rng)}
    return toy.moved(rotation(yaw=1.2))


def _butterfly(rng):
    toy = Toy([limb([[0, 0, .45], [.02, 0, 1.0], [.02, 0, 1.35]], [.1, .14, .15], "abdomen"), ball([.04, 0, 1.6], .18, "head")])
    first, second, tilt = _paint(rng), _paint(rng), rng.uniform(.15, .5)
    for side in (1, -1):
        for high, wide, tall, name in ((1.6, .62, .5, "upper"), (.85, .45, .42, "lower")):
            centre = np.array([-tilt * (wide + .1), side * (wide + .1), high + (.22 if name == "upper" else -.05)])
            turn = rotation(yaw=side * np.arctan(tilt), roll=side * (.45 if name == "upper" else -.5))
            toy.clay.append(ball(centre, [.09, wide, tall], name, turn, blend=.06))
            toy.clay.append(ball(centre + [.05, side * .12, .05], [.08, wide * .45, tall * .45], "spot", turn, blend=.02))
        toy.tubes.append((smooth_path([[.1, side * .06, 1.72], [.14, side * .2, 2.0], [.14, side * .36, 2.16]], 7), .03, "feeler"))
    toy.colours = {"upper": first, "lower": tuple(np.array(first) * .75), "spot": second, "feeler": DARK}
    toy.fur = {"upper": .4, "lower": .4, "spot": .3, "feeler": 0}
    _eyes(toy, [.04, 0, 1.6], .6, .2, .06)
    return toy


def _cactus(rng):
    tall, fat = _vary(rng, 1.9, .42, spread=.2)
    toy = Toy([limb([[0, 0, .28], [0, 0, .62]], [.4, .55], "pot"), block([0, 0, 1.55], [2, 2, .6], HOLLOW), ball([0, 0, .9], [.5, .5, .12], "soil", blend=.02)])
    toy.clay.append(limb([[0, 0, .8], [0, 0, .7 + tall]], [fat, fat * .85], "cactus"))
    for side in (1, -1)[:rng.integers(1, 3)]:
        z = .8 + tall * rng.uniform(.3, .55)
        toy.clay.append(limb(smooth_path([[0, side * fat * .8, z], [0, side * (fat + .4), z + .08], [0, side * (fat + .48), z + .65]], 7), .2, "cactus", blend=.08))
    for _ in range(90):
        aim = rng.normal(size=3) * [1, 1, .4]
        aim /= np.linalg.norm(aim)
        at = onto_surface(toy.clay, [0, 0, rng.uniform(1.1, .8 + tall)], aim)
        toy.threads.append((np.array([at, at + .12 * aim]), .012, WHITE))
    if rng.random() < .6:
        toy.clay.append(ball([0, 0, .75 + tall + fat * .8], [.2, .2, .14], "flower", blend=.02))
    toy.colours = {"pot": _paint(rng, [(.4, .14, .06), (.5, .48, .44), (.1, .2, .35)]), "soil": (.06, .035, .02), "cactus": _paint(rng, [GREEN, LEAF, (.1, .22, .12)]), "flower": _paint(rng, [(.65, .1, .25), (.7, .5, .05)])}
    toy.fur = {"pot": .4, "cactus": .4}
    return toy


def _car(rng):
    long, cabin, tall = _vary(rng, 1.45, .75, .42, spread=.15)
    back = rng.uniform(-.35, .05)
    toy = Toy([block([0, 0, .62], [long, .68, .34], "body", edge=.28), block([back, 0, 1.05], [cabin, .58, tall], "cabin", edge=.26, blend=.15)])
    glass = 1.1
    for side in (1, -1):
        for x in (-.36, .36):
            toy.clay.append(block([back + x * cabin, side * .575, glass], [cabin * .3, .03, tall * .5], "glass", edge=.03, blend=.01))
        for x in (-.58, .58):
            toy.clay.append(ball([x * long, side * .66, .36], [.38, .16, .38], "tyre", blend=.01))
            toy.clay.append(ball([x * long, side * .76, .36], [.2, .1, .2], "hub", blend=.01))
        toy.beads.append((np.array([long - .02, side * .42, .7]), [.08, .14, .12], (.75, .7, .45)))
        toy.beads.append((np.array([-long + .02, side * .42, .7]), [.06, .12, .09], (.5, .02, .02)))
    for x in (back + cabin - .04, back - cabin + .04):
        toy.clay.append(block([x, 0, glass], [.05, .42, tall * .5], "glass", edge=.04, blend=.01))
    toy.clay.append(block([long, 0, .42], [.08, .6, .07], "hub", edge=.06))
    paint = _paint(rng)
    toy.colours = {"body": paint, "cabin": paint if rng.random() < .6 else _paint(rng), "glass": (.05, .08, .1), "tyre": DARK, "hub": (.5, .5, .48)}
    toy.fur = {"glass": .1, "hub": .3, "tyre": .4, "body": .45, "cabin": .45}
    return toy.moved(rotation(yaw=rng.uniform(.3, 1.0) * rng.choice([-1, 1])))


def _fish(rng):
    long, tall, fat = _vary(rng, 1.1, .62, .36, spread=.2)
    toy = Toy([ball([0, 0, 1], [long, fat, tall], "body"), limb([[-long * .75, 0, 1], [-long - .2, 0, 1]], [.25, .12], "body", blend=.12)])
    for up in (1, -1):
        toy.clay.append(limb([[-long - .1, 0, 1 + .05 * up], [-long - .6, 0, 1 + .48 * up]], [.14, .17], "tail", flat=((0, 1, 0), .4)))
    toy.clay.append(limb([[.35, 0, 1 + tall * .75], [-.1, 0, 1.25 + tall * .95], [-.5, 0, .95 + tall]], [.12, .2, .1], "fin", flat=((0, 1, 0), .4)))
    for side in (1, -1):
        toy.clay.append(limb([[.2, side * fat * .85, .85], [-.2, side * (fat + .3), .65]], [.1, .18], "fin", flat=((0, side * .7, .7), .4)))
    toy.clay.append(limb([[0, 0, 1 - tall * .8], [-.25, 0, .85 - tall]], [.12, .14], "fin", flat=((0, 1, 0), .4)))
    toy.clay.append(ball([long * .97, 0, .95], [.09, .16, .12], "lips", blend=.03))
    colour = _paint(rng)
    toy.colours = {"tail": colour, "fin": colour, "lips": tuple(np.array(colour) * .7)}
    toy.fur = {"tail": .6, "fin": .5}
    _eyes(toy, [long * .6, 0, 1.12], 1.6, .25, .13)
    return toy.moved(rotation(yaw=rng.uniform(.5, 1.3) * rng.choice([-1, 1])))


def _guitar(rng):
    body, wide = _paint(rng, [(.5, .24, .07), (.3, .1, .04), (.5, .04, .03), (.06, .06, .07), (.1, .25, .35)]), rng.uniform(.9, 1.1)
    toy = Toy([ball([0, 0, .72], [.22, .78 * wide, .68], "body"), ball([0, 0, 1.55], [.22, .56 * wide, .5], "body", blend=.2)])
    toy.clay.append(block([.06, 0, 2.6], [.1, .12, 1.0], "neck"))
    toy.clay.append(block([.02, 0, 3.7], [.08, .19, .26], "peg"))
    toy.clay.append(ball([.2, 0, 1.28], [.05, .24, .24], "hole", blend=.01))
    toy.clay.append(block([.22, 0, .62], [.06, .3, .06], "peg", blend=.01))
    for y in (-.09, -.03, .03, .09):
        toy.threads.append((np.array([[.29, y, .62], [.27, y, 1.3], [.19, y, 2.6], [.13, y, 3.6]]), .012, (.7, .65, .5)))
    for side in (1, -1):
        for z in (3.55, 3.7, 3.85):
            toy.beads.append((np.array([.03, side * .25, z]), [.05, .06, .045], WHITE))
    toy.colours = {"body": body, "neck": WOOD, "peg": (.05, .025, .015), "hole": DARK}
    toy.fur = {"hole": .1, "neck": .3, "peg": .3, "body": .6}
    return toy


def _hat(rng):
    tall, brim = rng.uniform(.5, 1.3), rng.uniform(1.05, 1.5)
    toy = Toy([ball([0, 0, .12], [brim, brim * .95, .13], "body"), limb([[0, 0, .35], [0, 0, .3 + tall]], [.72, .62], "body", blend=.15)])
    if tall > .8:
        toy.clay.append(block([0, 0, 1.2 + tall], [2, 2, .62], HOLLOW, blend=.1))
    else:
        toy.clay.append(limb([[-.5, 0, 1.05 + tall], [.5, 0, 1.05 + tall]], .16, HOLLOW, blend=.12))
    toy.tubes.append((_ring([0, 0, .38], .735, "z"), .09, "band"))
    toy.colours = {"body": _paint(rng), "band": _paint(rng)}
    toy.fur = {"body": .6, "band": .5}
    return toy


def _house(rng):
    wide, deep, tall = _vary(rng, .85, .8, .75, spread=.2)
    toy = Toy([block([0, 0, tall], [deep, wide, tall], "wall")])
    pitch = rng.uniform(.6, .9)
    rise = np.tan(pitch) * wide
    for t in np.linspace(0, 1, 7)[:-1]:
        toy.clay.append(block([0, 0, 2 * tall + rise * t * .9], [deep * .97, wide * (1 - t), rise / 9], "wall"))
    for side in (1, -1):
        long = wide / np.cos(pitch) / 2 + .16
        middle = [0, side * (wide / 2 + .06), 2 * tall + rise / 2]
        toy.clay.append(block(middle, [deep + .16, long, .09], "roof", rotation(roll=-side * pitch)))
    toy.clay.append(block([-.2, .35 * wide, 2 * tall + rise * .9], [.14, .14, .4], "chimney"))
    toy.clay.append(block([deep, 0, tall * .55], [.05, .2, tall * .55], "door", blend=.01))
    for y in (-.6, .6):
        toy.clay.append(block([deep, y * wide, tall * 1.3], [.05, .17, .18], "glass", blend=.01))
        for side in (1, -1):
            toy.clay.append(block([y * deep, side * wide, tall * 1.2], [.17, .05, .2], "glass", blend=.01))
    toy.colours = {"wall": _paint(rng, [WHITE, (.6, .45, .25), (.5, .15, .1), (.3, .4, .45)]), "roof": _paint(rng, [(.4, .07, .05), (.12, .12, .14), (.25, .12, .06), (.1, .2, .3)]), "chimney": (.3, .1, .06), "door": _paint(rng), "glass": (.08, .12, .16)}
    toy.fur = {"glass": .15, "door": .3, "wall": .6}
    return toy


def _motorbike(rng):
    base, wheel = rng.uniform(.9, 1.1), rng.uniform(.48, .58)
    toy = Toy()
    for x in (-base, base):
        toy.tubes.append((_ring([x, 0, wheel + .08], wheel, "y"), .13, "tyre"))
        toy.clay.append(limb([[x, -.1, wheel + .08], [x, .1, wheel + .08]], .14, "steel"))
        for a in np.linspace(0, np.pi, 4)[:-1]:
            arm = wheel * np.array([np.cos(a), 0, np.sin(a)])
            toy.threads.append((np.array([[x, 0, wheel + .08] - arm, [x, 0, wheel + .08] + arm]), .03, STEEL))
    front = np.array([base - .45, 0, 1.5])
    for side in (1, -1):
        toy.clay.append(limb([[base, side * .17, wheel + .08], front + [0, side * .15, 0]], .055, "steel"))
        toy.clay.append(limb([[-base, side * .17, wheel + .08], [-.3, side * .15, .75]], .065, "steel"))
        toy.clay.append(limb(smooth_path([front, front + [-.02, side * .35, .12], front + [-.25, side * .6, .1]], 6), .06, "tyre"))
    toy.clay.append(ball([-.02, 0, .68], [.36, .26, .32], "steel"))
    toy.clay.append(limb([[-.5, 0, 1.02], front - [.1, 0, .15]], .1, "body"))
    toy.clay.append(limb([[-.05, 0, 1.18], [.3, 0, 1.28]], [.22, .27], "body"))
    toy.clay.append(limb([[-.25, 0, 1.17], [-.7, 0, 1.15], [-1.05, 0, 1.28]], [.17, .19, .13], "seat"))
    toy.clay.append(limb([[-.9, 0, 1.12], [-base - .35, 0, 1.05]], [.16, .12], "body"))
    toy.clay.append(limb([[.1, -.28, .5], [-.5, -.3, .45], [-base - .4, -.3, .55]], [.07, .09, .11], "steel"))
    toy.beads.append((front + [.16, 0, -.05], [.14, .17, .17], (.75, .72, .55)))
    toy.colours = {"body": _paint(rng), "tyre": DARK, "seat": (.05, .03, .025), "steel": STEEL}
    toy.fur = {"tyre": .4, "steel": .2, "body": .5, "seat": .5}
    return toy.moved(rotation(yaw=rng.uniform(.7, 1.4) * rng.choice([-1, 1])))


def _mug(rng):
    fat, tall = _vary(rng, .75, 1.0, spread=.12)
    toy = Toy([limb([[0, 0, fat * .9], [0, 0, fat + tall]], fat, "body"), limb([[0, 0, fat], [0, 0, fat + tall + 2]], fat * .8, HOLLOW), block([0, 0, fat + tall + .62], [3, 3, 1], HOLLOW), block([0, 0, -.75], [3, 3, 1], HOLLOW)])
    middle = (fat + tall) / 2 + .25
    bow = np.linspace(-1.7, 1.7, 12)
    side = rng.choice([-1, 1])
    toy.tubes.append((np.stack([0 * bow, side * (fat * .9 + .42 * np.cos(bow)), middle + .4 * np.sin(bow)], 1), .12, "handle"))
    toy.clay.append(ball([0, 0, tall + fat * .45], [fat * .82, fat * .82, .06], "drink", blend=.01))
    toy.colours |= {"drink": _paint(rng, [(.06, .025, .012), (.4, .22, .1), (.3, .1, .02)])}
    if rng.random() < .6:
        toy.colours["body"] = _paint(rng)
    toy.colours["handle"] = toy.colours.get("body", _paint(rng))
    toy.fur = {"drink": .1, "body": .6}
    return toy


def _mushroom(rng):
    fat, tall, cap = _vary(rng, .36, 1.0, 1.05, spread=.2)
    toy = Toy([limb([[0, 0, .3], [rng.uniform(-.1, .1), 0, tall + .1]], [fat * 1.15, fat * .8], "stem"), ball([0, 0, tall + .1], [cap, cap, cap * .75], "cap"), ball([0, 0, tall - cap * .6], [cap * 1.3, cap * 1.3, cap * .75], HOLLOW)])
    toy.clay.append(limb([[0, 0, .3], [0, 0, tall + .2]], [fat * 1.15, fat * .8], "stem", blend=.1))
    if rng.random() < .7:
        for _ in range(16):
            aim = rng.normal(size=3)
            aim[2] = abs(aim[2]) + .2
            aim /= np.linalg.norm(aim)
            at = onto_surface(toy.clay[:2], [0, 0, tall + .1], aim, sink=.02)
            toy.clay.append(ball(at, rng.uniform(.08, .17), "spot", blend=.01))
    toy.colours = {"stem": WHITE, "cap": _paint(rng, [(.5, .03, .02), (.3, .13, .05), (.5, .3, .1), (.15, .07, .04)]), "spot": WHITE}
    return toy


def _octopus(rng):
    toy = Toy([limb([[0, 0, 1.0], [-.1, 0, 1.6]], [.6, .75], "body"), ball([.1, 0, .75], [.6, .6, .4], "body")])
    for k in range(8):
        a, wave = k * np.pi / 4 + .39, rng.uniform(-.25, .25)
        d, n = np.array([np.cos(a), np.sin(a), 0]), np.array([-np.sin(a), np.cos(a), 0])
        path = [d * .3 + [0, 0, .6], d * .75 + [0, 0, .25], d * 1.2 + n * wave + [0, 0, .14], d * 1.6 - n * wave + [0, 0, .16 + .25 * (rng.random() < .5)]]
        toy.clay.append(limb(smooth_path(path, 8), np.linspace(.24, .09, 8), "leg", blend=.1))
    _eyes(toy, [.05, 0, 1.25], .5, .1, .15)
    toy.fur = {"leg": .7}
    return toy


def _piano(rng):
    case = _paint(rng, [(.03, .028, .028), (.2, .08, .03), (.12, .05, .02), (.6, .57, .5), (.35, .06, .05)])
    toy = Toy([block([-.25, 0, 1.05], [.38, 1.25, 1.05], "case"), block([.4, 0, .98], [.42, 1.25, .1], "case"), block([.06, 0, 1.3], [.08, 1.15, .26], "case")])
    for side in (1, -1):
        toy.clay.append(block([.45, side * 1.12, .45], [.09, .09, .45], "case"))
        toy.clay.append(block([.42, side * 1.2, 1.08], [.4, .07, .14], "case"))
    toy.clay.append(block([.5, 0, 1.1], [.28, 1.1, .06], "key", blend=.005))
    for i in range(13):
        y = -1.03 + 2.06 * i / 12
        if i % 7 in (0, 1, 3, 4, 5):
            toy.clay.append(block([.36, y + .08, 1.17], [.16, .045, .06], "sharp", edge=.02, blend=.004))
        toy.threads.append((np.array([[.3, y, 1.165], [.78, y, 1.165]]), .008, DARK))
    toy.clay.append(block([.17, 0, 1.75], [.03, .45, .25], "sheet", rotation(pitch=.2), edge=.02, blend=.01))
    toy.colours = {"case": case, "key": (.8, .78, .72), "sharp": DARK, "sheet": (.75, .73, .66)}
    toy.fur = {"key": 0, "sharp": 0, "sheet": .1, "case": .35}
    return toy


def _rocket(rng):
    fat, tall = _vary(rng, .52, 1.7, spread=.15)
    toy = Toy([limb([[0, 0, .6], [0, 0, 1.0], [0, 0, .6 + tall * .6]], [fat * .75, fat, fat * .9], "body"), limb([[0, 0, .65 + tall * .65], [0, 0, 1.0 + tall]], [fat * .85, .07], "nose", blend=.04)])
    for a in np.arange(4) * np.pi / 2 + .5:
        d = np.array([np.cos(a), np.sin(a), 0])
        toy.clay.append(limb([d * fat * .7 + [0, 0, 1.0], d * (fat + .35) + [0, 0, .5], d * (fat + .45) + [0, 0, .12]], [.16, .15, .08], "fin", flat=((-d[1], d[0], 0), .5)))
    toy.clay.append(limb([[0, 0, .3], [0, 0, .02]], [fat * .5, .1], "flame", blend=.03))
    at = onto_surface(toy.clay[:1], [0, 0, 1.25], [1, 0, 0])
    toy.tubes.append((_ring(at, .22, "x"), .06, "fin"))
    toy.beads.append((at - [.02, 0, 0], [.07, .2, .2], (.1, .22, .35)))
    paint = _paint(rng)
    toy.colours = {"body": _paint(rng, [WHITE, (.45, .46, .48), (.6, .5, .3)]), "nose": paint, "fin": paint, "flame": (.75, .3, .03)}
    toy.fur = {"body": .5, "nose": .5, "fin": .5}
    return toy


def _shovel(rng):
    blade, shaft = _paint(rng, [STEEL, (.08, .09, .1), (.45, .05, .04), (.08, .2, .4)]), _paint(rng, [WOOD, (.45, .28, .12), (.5, .06, .04)])
    wide, long = _vary(rng, .5, 1.7, spread=.15)
    toy = Toy([block([0, 0, .75], [.07, wide, .45], "blade", edge=.07), limb([[0, 0, .45], [0, 0, .12]], [wide * .9, .1], "blade", flat=((1, 0, 0), .16), blend=.1)])
    toy.clay.append(block([-.06, 0, 1.18], [.06, wide, .05], "blade"))
    toy.clay.append(limb([[0, 0, 1.0], [0, 0, 1.2 + long]], .1, "shaft"))
    top = 1.2 + long
    toy.tubes.append((np.array([[0, 0, top - .05], [0, -.28, top + .25], [0, -.26, top + .45], [0, .26, top + .45], [0, .28, top + .25], [0, 0, top - .05]]), .09, "grip"))
    toy.colours = {"blade": blade, "shaft": shaft, "grip": _paint(rng, [DARK, WOOD, (.45, .05, .04)])}
    toy.fur = {"blade": .35, "shaft": .35, "grip": .4}
    return toy


def _snail(rng):
    turns, size = rng.uniform(2.0, 2.6), rng.uniform(.9, 1.1)
    a = np.linspace(0, turns * 2 * np.pi, 44)
    r = .06 + .76 * size * (a / a[-1])
    width = .06 + .3 * size * (a / a[-1])
    end = -1.9
    angle = a - a[-1] + end
    spiral = np.stack([-.2 + r * np.cos(angle), .1 * (1 - a / a[-1]) + 0 * a, 1.15 * size + r * np.sin(angle)], 1)
    toy = Toy([limb(spiral, width, "shell", blend=.015)])
    toy.clay.append(limb([[-1.35, 0, .1], [-.5, 0, .24], [.5, 0, .24], [.95, 0, .45], [1.15, 0, .85]], [.08, .28, .3, .27, .26], "foot", flat=None, blend=.08))
    for side in (1, -1):
        stalk = np.array([[1.2, side * .12, 1.0], [1.3, side * .2, 1.3], [1.36, side * .25, 1.5]])
        toy.clay.append(limb(stalk, [.09, .06, .06], "foot"))
        toy.eyes.append((stalk[-1] + [.02, 0, .05], .11, np.array([.9, side * .3, .2]), BLACK_EYE))
        toy.clay.append(limb([[1.32, side * .1, .8], [1.5, side * .16, .74]], [.06, .04], "foot"))
    toy.colours["foot"] = _paint(rng, [(.5, .36, .2), (.4, .3, .28), (.35, .4, .2), (.55, .4, .36)])
    return toy.moved(rotation(yaw=rng.uniform(.4, 1.2) * rng.choice([-1, 1])))


def _spider(rng):
    body, legs = _vary(rng, .62, 1.25, spread=.2)
    toy = Toy([ball([-.55, 0, .75], [body * 1.1, body, body * .9], "abdomen"), ball([.35, 0, .65], [.42, .4, .34], "head")])
    for side in (1, -1):
        for forward in (.85, .3, -.3, -.85):
            d = np.array([forward, side * 1.0, 0]) / np.hypot(1, forward)
            wave = rng.uniform(.9, 1.1)
            path = [[.2 + .2 * forward, side * .25, .62], np.array([.2, 0, .62]) + d * legs * .55 * wave + [0, 0, .6], np.array([.2, 0, .0]) + d * legs * 1.35 * wave + [0, 0, .07]]
            toy.tubes.append((np.vstack([np.linspace(path[0], path[1], 5), np.linspace(path[1], path[2], 6)[1:]]), np.linspace(.1, .05, 10), "foot"))
        toy.clay.append(limb([[.7, side * .12, .52], [.82, side * .14, .35]], [.08, .04], "jaw"))
    for angle, height, size in ((.25, .35, .1), (.6, .55, .065)):
        _eyes(toy, [.35, 0, .65], angle, height, size)
    toy.fur = {"foot": .5, "abdomen": 1.2}
    return toy


def _spoon(rng):
    wide, long, handle = _vary(rng, .5, .68, 1.9, spread=.12)
    toy = Toy([ball([0, 0, 3.0], [.2, wide, long], "body"), ball([.14, 0, 3.02], [.19, wide * .82, long * .85], HOLLOW, blend=.03)])
    toy.clay.append(limb([[-.05, 0, 3.0 - long * .8], [.0, 0, 1.6], [0, 0, 2.4 - handle]], [.12, .11, .19], "body", flat=((1, 0, 0), .6), blend=.1))
    toy.colours["body"] = _paint(rng, [STEEL, (.55, .4, .2), WOOD, (.55, .42, .1), (.6, .1, .08), (.1, .3, .35)])
    toy.fur["body"] = .35
    return toy


def _strawberry(rng):
    fat, tall = _vary(rng, .8, 1.15, spread=.12)
    toy = Toy([limb([[0, 0, .2], [0, 0, tall * .6], [0, 0, tall]], [.22, fat * .75, fat], "fruit", blend=.1)])
    for i in range(70):
        z, a = 1 - 2 * (i + .5) / 70, i * 2.39996
        aim = np.array([np.cos(a) * np.sqrt(1 - z * z), np.sin(a) * np.sqrt(1 - z * z), z])
        at = onto_surface(toy.clay, [0, 0, tall * .75], aim, sink=-.01)
        toy.beads.append((at, [.035, .035, .055], (.75, .5, .08)))
    for a in np.arange(7) * 2 * np.pi / 7:
        d, top = np.array([np.cos(a), np.sin(a), 0]), tall + fat * .92
        toy.clay.append(limb([[0, 0, top], d * fat * .55 + [0, 0, top + .04], d * fat * .95 + [0, 0, top - .18]], [.16, .17, .04], "leaf", flat=((0, 0, 1), .4), blend=.03))
    toy.clay.append(limb([[0, 0, tall + fat], [.08, .05, tall + fat + .4]], .08, "leaf"))
    toy.colours = {"fruit": _paint(rng, [(.5, .02, .02), (.55, .04, .03), (.42, .015, .03)]), "leaf": _paint(rng, [GREEN, LEAF])}
    toy.fur = {"fruit": .5, "leaf": .4}
    return toy.moved(rotation(roll=rng.uniform(-1.2, 1.2)))


def _teddy_bear(rng):
    fat = rng.uniform(.65, .8)
    toy = Toy([ball([0, 0, .75], [fat * .9, fat, .78], "body"), ball([.08, 0, 1.85], [.58, .64, .56], "head"), ball([.55, 0, 1.72], [.28, .3, .24], "muzzle", blend=.06)])
    for side in (1, -1):
        toy.clay.append(ball([0, side * .5, 2.3], [.14, .26, .26], "ear", blend=.04))
        toy.clay.append(ball([.1, side * .5, 2.3], [.1, .16, .16], "pad", blend=.02))
        up = rng.uniform(-.3, .5)
        toy.clay.append(limb([[.1, side * fat * .8, 1.15], [.35, side * (fat + .35), .85 + up]], [.24, .22], "arm"))
        toy.clay.append(limb([[.2, side * .4, .3], [.95, side * .55, .27]], [.32, .27], "arm"))
        toy.clay.append(ball([1.2, side * .55, .3], [.09, .19, .2], "pad", blend=.02))
    nose = onto_surface(toy.clay, [.5, 0, 1.8], [1, 0, .1], sink=.02)
    toy.beads.append((nose, [.08, .12, .08], DARK))
    toy.threads.append((np.array([nose + [.02, 0, -.05], nose + [.02, 0, -.2]]), .02, DARK))
    toy.colours["pad"] = _paint(rng, [(.6, .45, .3), (.6, .3, .25), WHITE])
    if rng.random() < .5:
        toy.clay.append(limb([[.5, -.25, 1.3], [.55, 0, 1.28], [.5, .25, 1.3]], [.15, .06, .15], "bow", blend=.02))
        toy.colours["bow"] = _paint(rng)
    _eyes(toy, [.08, 0, 1.9], .42, .2, .095)
    toy.head = (np.array([.1, 0, 1.9]), .9)
    return toy


def _tree(rng):
    tall = rng.uniform(.9, 1.4)
    toy = Toy([limb([[0, 0, .02], [0, 0, .3], [rng.uniform(-.1, .1), 0, tall + .4]], [.34, .22, .16], "trunk")])
    if rng.random() < .4:
        for k in range(4):
            r = 1.0 - .23 * k
            toy.clay.append(limb([[0, 0, tall * .6 + .5 * k], [0, 0, tall * .6 + .5 * k + .75]], [r * .85, .1], "crown", flat=None, blend=.03))
    else:
        toy.clay.append(ball([0, 0, tall + .9], [.75, .75, .7], "crown"))
        for _ in range(7):
            a = rng.uniform(0, 6.28)
            toy.clay.append(ball([.6 * np.cos(a), .6 * np.sin(a), tall + rng.uniform(.5, 1.35)], rng.uniform(.38, .55), "crown", blend=.05))
        if rng.random() < .4:
            for _ in range(14):
                aim = rng.normal(size=3)
                aim /= np.linalg.norm(aim)
                toy.beads.append((onto_surface(toy.clay, [0, 0, tall + .9], aim, sink=-.02), [.09] * 3, (.5, .04, .03)))
    toy.colours = {"trunk": _paint(rng, [WOOD, (.12, .06, .03), (.4, .38, .34)]), "crown": _paint(rng, [GREEN, LEAF, (.05, .13, .04), (.5, .22, .03), (.55, .35, .4)])}
    return toy


MAKERS = {"ball": _ball, "bat": _bat, "bird": _bird, "boat": _boat, "butterfly": _butterfly, "cactus": _cactus,
          "car": _car, "fish": _fish, "guitar": _guitar, "hat": _hat, "house": _house, "motorbike": _motorbike,
          "mug": _mug, "mushroom": _mushroom, "octopus": _octopus, "piano": _piano, "rocket": _rocket,
          "shovel": _shovel, "snail": _snail, "spider": _spider, "spoon": _spoon, "strawberry": _strawberry,
          "teddy_bear": _teddy_bear, "tree": _tree}
STARERS = {"mug"}  # from the side one would not see what it is
LEANERS = {"guitar", "shovel", "spoon", "rocket"}
FLYERS = {"bat", "butterfly"}
