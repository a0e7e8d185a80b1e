"""Cats and dogs: families of shapes, poses, and the clay they are made of."""
import numpy as np

from .sculpt import ball, limb, onto_surface, rotation, smooth_path
from .toy import Toy

IRISES = {"amber": (.45, .2, .02), "green": (.16, .3, .06), "blue": (.12, .28, .5), "brown": (.1, .035, .012),
          "black": (.012, .01, .01)}
NOSES = {"black": (.012, .01, .01), "brown": (.1, .04, .025), "pink": (.42, .13, .12)}
POSES = ["stand", "walk", "sit", "lie", "curl"]

# Family -> legs, trunk length, girth, head size, and what makes the head.
CATS = {
    "shorthair": dict(legs=.80, trunk=1.45, girth=.40, head=.56, muzzle=.0, ear=1.0, ears="cat", tail="long", tuft=1.0),
    "longhair": dict(legs=.70, trunk=1.35, girth=.46, head=.60, muzzle=-.05, ear=.8, ears="cat", tail="plume", tuft=1.3),
    "slender": dict(legs=1.0, trunk=1.6, girth=.31, head=.50, muzzle=.06, ear=1.12, ears="cat", tail="whip", tuft=.6),
    "kitten": dict(legs=.55, trunk=1.0, girth=.34, head=.60, muzzle=-.02, ear=1.05, ears="cat", tail="short", tuft=.9),
    "forest": dict(legs=.82, trunk=1.6, girth=.46, head=.57, muzzle=.05, ear=1.15, ears="cat", tail="plume", tuft=1.25),
}
DOGS = {
    "retriever": dict(legs=.95, trunk=1.55, girth=.45, head=.52, muzzle=.50, ear=1.0, ears="flop", tail="feather", tuft=1.2),
    "shepherd": dict(legs=1.0, trunk=1.65, girth=.43, head=.50, muzzle=.66, ear=1.0, ears="prick", tail="sabre", tuft=1.1),
    "hound": dict(legs=.85, trunk=1.5, girth=.40, head=.50, muzzle=.58, ear=1.5, ears="flop", tail="sabre", tuft=.6),
    "dachshund": dict(legs=.42, trunk=1.9, girth=.36, head=.48, muzzle=.62, ear=1.15, ears="flop", tail="sabre", tuft=.6),
    "terrier": dict(legs=.80, trunk=1.15, girth=.38, head=.52, muzzle=.42, ear=.8, ears="fold", tail="stub", tuft=1.2),
    "poodle": dict(legs=1.0, trunk=1.2, girth=.42, head=.50, muzzle=.55, ear=1.3, ears="flop", tail="pompon", tuft=1.4),
    "spitz": dict(legs=.72, trunk=1.15, girth=.48, head=.52, muzzle=.50, ear=.75, ears="prick", tail="curl", tuft=1.4),
    "puppy": dict(legs=.55, trunk=1.0, girth=.36, head=.58, muzzle=.33, ear=1.1, ears="flop", tail="stub", tuft=.9),
}
FAMILIES = {"cats": CATS, "dogs": DOGS}
WOBBLY = ("legs", "trunk", "girth", "head", "muzzle", "ear")


def draw_manner(rng):
    """Pose and expression: the same draws for cats and for dogs."""
    u = rng.uniform
    return {"pose": str(rng.choice(POSES, p=[.27, .21, .31, .18, .03])), "yaw": round(u(-.55, .55), 3),
            "pitch": round(u(-.35, .35), 3), "roll": round(u(-.35, .35), 3), "neck": round(u(.5, 1.1), 3),
            "stride": round(u(.15, .35), 3), "tail": [round(u(-1, 1), 3), round(u(0, 1), 3)],
            "iris": str(rng.choice(list(IRISES), p=[.25, .2, .15, .2, .2])),
            "nose": str(rng.choice(list(NOSES), p=[.72, .16, .12])), "eye": round(u(.85, 1.25), 3),
            "whiskers": bool(rng.random() < .4), "lining": bool(rng.random() < .4)}


def draw_shape(kind, rng):
    families = FAMILIES[kind]
    often = np.array([.25 if families[f]["ears"] == "prick" else 1.0 for f in families])
    family = str(rng.choice(list(families), p=often / often.sum()))
    wobble = {key: round(float(rng.normal(1, .07)), 3) for key in WOBBLY}
    return {"family": family, "wobble": wobble}


def build(kind, shape, manner, look=0.0):
    """The toy; `look` is the way to the camera, which an animal half follows with its head."""
    return assemble(FAMILIES[kind][shape["family"]], shape["wobble"], manner, look, _cat_head if kind == "cats" else _dog_head)


def assemble(family, wobble, manner, look, make_head):
    """A toy of a family's build, with the head that `make_head(body, manner)` models."""
    manner = {**manner, "yaw": float(np.clip(manner["yaw"] * .8 + .7 * look, -1.1, 1.1))}
    body = dict(family)
    for key, factor in wobble.items():
        body[key] *= factor
    toy = Toy(fur={"tail": min(body["tuft"], 1.5), "body": body["tuft"], "leg": .7 * body["tuft"],
                   "ear": .4 if body["ears"] in ("cat", "prick", "round") else .7})
    pose = TRUNKS[manner["pose"]](toy, body, manner)
    _add_tail(toy, body, manner, pose)
    _add_head(toy, make_head, body, manner, pose)
    return toy


def _trunk(toy, hip, chest, body):
    """Pelvis, belly, rib cage."""
    hip, chest, g = np.array(hip), np.array(chest), body["girth"]
    middle = (hip + chest) / 2 - [0, 0, .02]
    toy.clay.append(limb([hip, middle, chest], [g * .92, g * .9, g * 1.02], "body", flat=((0, 1, 0), .88), blend=.12))
    toy.clay.append(ball(chest + [.05, 0, -.03], [g * 1.02, g * .86, g * 1.08], "body", blend=.12))


def _leg(toy, points, body, thick=1.0):
    g = body["girth"] * thick
    points = np.array(points)
    toy.clay.append(limb(points[:-1], np.linspace(.46, .3, len(points) - 1) * g, "leg", blend=.06))
    toy.clay.append(limb(points[-2:], [.3 * g, .27 * g], "leg", blend=.05))
    toy.clay.append(ball(points[-1] + [.07, 0, .0], [.4 * g, .31 * g, .25 * g], "paw", blend=.05))


def _stand(toy, body, manner, stride=0.0):
    h, g, half = body["legs"] + body["girth"] * .75, body["girth"], body["trunk"] / 2
    hip, chest = np.array([-half, 0, h]), np.array([half, 0, h + .03])
    _trunk(toy, hip, chest, body)
    for side, swing in ((1, stride), (-1, -stride)):
        y = side * g * .52
        _leg(toy, [chest + [0, y, -.25 * g], [half - .06, y, h * .5], [half + swing * .6, y, h * .28],
                   [half + swing, y, .1]], body)
        _leg(toy, [hip + [.02, y, -.2 * g], [-half + .14 - swing * .3, y, h * .52],
                   [-half - .12 - swing * .8, y, h * .3], [-half - .03 - swing, y, .1]], body, 1.1)
    return {"chest": chest, "rump": hip + [-.75 * g, 0, .35 * g], "lift": manner["neck"], "ground": False}


def _sit(toy, body, manner):
    g, half = body["girth"], body["trunk"] * .36
    top = body["legs"] + g * .95
    hip, chest = np.array([-half, 0, g * .95]), np.array([half * .75, 0, top])
    _trunk(toy, hip, chest, body)
    for side in (1, -1):
        y = side * g * .45
        front = chest[0] + .12
        _leg(toy, [chest + [.05, y, -.2 * g], [front - .05, y, top * .5], [front, y, top * .28], [front + .03, y, .09]], body)
        toy.clay.append(ball([-half + .12, side * g * .72, g * .62], [g * .8, g * .42, g * .68], "body", blend=.12))
        toy.clay.append(limb([[-half + .15, side * g * .85, .13], [-half + .15 + g * 1.15, side * g * .9, .09]],
                             [.3 * g, .28 * g], "paw", blend=.08))
    return {"chest": chest, "rump": hip + [-.8 * g, 0, -.55 * g], "lift": manner["neck"] + .25, "ground": True}


def _lie(toy, body, manner):
    g, half = body["girth"], body["trunk"] * .48
    hip, chest = np.array([-half, 0, g * .9]), np.array([half, 0, g * 1.05])
    _trunk(toy, hip, chest, body)
    for side in (1, -1):
        toy.clay.append(ball([-half + .1, side * g * .75, g * .6], [g * .85, g * .45, g * .62], "body", blend=.12))
        toy.clay.append(limb([[-half + .2, side * g * 1.0, .12], [-half + .25 + g, side * g * 1.02, .1]],
                             [.3 * g, .28 * g], "paw", blend=.08))
        y = side * g * .55
        reach = half + .25 + .45 * body["legs"]
        _leg(toy, [chest + [-.05, y, -.5 * g], [half - .05, y * 1.15, .22], [half + .25, y * 1.1, .13],
                   [reach, y * .95, .1]], body)
    return {"chest": chest, "rump": hip + [-.8 * g, 0, -.5 * g], "lift": manner["neck"] + .15, "ground": True}


def _curl(toy, body, manner):
    """Asleep in a ring; the head lies by the tail."""
    g, r = body["girth"], body["trunk"] * .36
    angle = np.linspace(-.2, 4.0, 7)
    ring = np.stack([r * np.cos(angle), r * np.sin(angle), np.full(7, g * .85)], 1)
    toy.clay.append(limb(ring, g * np.array([.8, .95, 1, 1, 1, .95, .85]), "body", blend=.15))
    toy.clay.append(ball([0, 0, g * .5], [r, r, g * .5], "body", blend=.2))
    toy.clay.append(ball(ring[5] + [0, 0, -.1], [g * .9, g * .9, g * .7], "body", blend=.12))
    for shift in (-.2, .25):
        toy.clay.append(limb([[r * .8 + .1, -.25 + shift, .2], [r + .45, -.5 + shift, .12]], .28 * g, "paw", blend=.08))
    return {"chest": np.array([r * .75, -.1, g * .95]), "rump": ring[-1], "lift": .02, "ground": True, "asleep": True}


TRUNKS = {"stand": _stand, "walk": lambda toy, body, manner: _stand(toy, body, manner, manner["stride"]),
          "sit": _sit, "lie": _lie, "curl": _curl}

# Tail -> length, radii from root to tip.
TAILS = {"long": (1.35, [.14, .11, .10, .10, .08]), "plume": (1.25, [.15, .20, .24, .22, .08]),
         "whip": (1.6, [.10, .08, .07, .06, .05]), "short": (.8, [.12, .10, .09, .08, .05]),
         "feather": (1.0, [.14, .16, .17, .13, .05]), "sabre": (.95, [.15, .12, .10, .07, .04]),
         "stub": (.38, [.12, .11, .10, .09, .07]), "pompon": (.55, [.09, .07, .07, .17, .22]),
         "curl": (1.0, [.15, .18, .21, .21, .13]),
         "heavy": (1.85, [.17, .15, .145, .15, .13]), "thick": (1.35, [.15, .12, .115, .115, .09]),
         "ringed": (1.5, [.10, .085, .085, .095, .08])}


def _add_tail(toy, body, manner, pose):
    length, radii = TAILS[body["tail"]]
    sway, lift = manner["tail"]
    start = np.array(pose["rump"], float)
    if pose.get("asleep"):
        angle = np.linspace(4.0, 4.0 + length * 1.3, 5)
        r = body["trunk"] * .36 + .3
        path = np.stack([r * np.cos(angle), r * np.sin(angle), np.full(5, .16)], 1)
    elif body["tail"] == "curl" and not pose["ground"]:
        path = start + length * np.array([[0.15, 0, -.1], [-.2, .0, .25], [-.05, .1, .6], [.3, .18, .55], [.38, .2, .25]])
    elif pose["ground"]:
        bend = sway if abs(sway) > .3 else .6
        path = start + length * np.array([[.15, 0, 0], [-.2, .1 * bend, 0], [-.45, .35 * bend, 0], [-.42, .7 * bend, 0],
                                          [-.15, .95 * bend, 0]])
        path[:, 2] = np.minimum(path[:, 2], np.linspace(start[2], .13, 5))
        path[1:, 2] = np.maximum(np.linspace(start[2] * .6, .13, 4), np.array(radii[1:]) * .9)
    else:
        up = lift * 1.5 - .35
        t = np.linspace(0, 1, 5)
        path = start + length * np.stack([.12 - .55 * t - .12 * np.sin(3 * t), .35 * sway * t**2,
                                          up * t**1.3 + .12 * np.sin(4 * t)], 1)
        path[:, 2] = np.maximum(path[:, 2], .15)
    curve = smooth_path(path, 9)
    toy.clay.append(limb(curve, np.interp(np.linspace(0, 4, 9), range(5), radii), "tail", blend=.05))


def _add_head(toy, make_head, body, manner, pose):
    size, chest = 1.38 * body["head"], pose["chest"]
    reach = body["girth"] * .8 + size * .85
    asleep = pose.get("asleep", False)
    if asleep:
        centre = chest + [size * .75, -size * .3, -.05]
    else:
        lift = min(pose["lift"], 1.35)
        centre = chest + reach * np.array([np.cos(lift), 0, np.sin(lift)])
        toy.clay.append(limb([chest + [0, 0, .05], centre - [.12 * size, 0, .1 * size]],
                             [body["girth"] * .66, size * .5], "body", blend=.07))
    centre[2] = max(centre[2], size * .62)
    turn = rotation(manner["yaw"] - .3 * asleep, manner["pitch"] * .6 - .12, manner["roll"])
    toy.add(make_head(body, manner).moved(turn, centre, size))
    toy.head = (centre, size)


def face(head, manner, side_angle, height, radius, start=(0, 0, 0)):
    """Two eyes, set into the clay where a line from inside the skull leaves it."""
    for side in (1, -1):
        gaze = np.array([1, side * side_angle, height])
        gaze /= np.linalg.norm(gaze)
        centre = onto_surface(head.clay, start, gaze, sink=radius * .35)
        forward = gaze + [.5, 0, 0]
        head.eyes.append((centre, radius, forward / np.linalg.norm(forward), IRISES[manner["iris"]]))


def mouth(head, nose, width, drop):
    """An embroidered mouth that follows the surface below the nose."""
    for side in (1, -1):
        path = []
        for t in np.linspace(0, 1, 6):
            aim = np.array([nose[0], side * width * t**1.3, nose[2] - drop * (1 - (1 - t) ** 2) * (1.25 - .45 * t)])
            back = np.array([nose[0] - .45, 0, nose[2] - drop * .5])
            path.append(onto_surface(head.clay, back, aim - back, sink=-.004))
        head.threads.append((np.array(path), .018, (.02, .012, .01)))


def _cat_head(body, manner):
    head, m = Toy(), body["muzzle"]
    clay = head.clay
    clay.append(ball([0, 0, 0], [.50, .56, .47], "head"))
    for side in (1, -1):
        clay.append(ball([.1, side * .3, -.15], [.32, .28, .26], "head"))
        clay.append(ball([.43 + m, side * .105, -.17], [.15, .14, .125], "muzzle", blend=.05))
        base, tip = np.array([-.06, side * .33, .27]), np.array([-.08, side * (.5 + .02 * body["ear"]), .36 + .50 * body["ear"]])
        clay.append(limb([base, base * .35 + tip * .65, tip], [.25, .15, .075], "ear", flat=((1, side * .35, .1), .5), blend=.05))
        if manner["lining"]:
            _line_ear(head, base, tip, side)
    clay.append(ball([.36 + m, 0, -.3], [.14, .15, .11], "muzzle", blend=.06))
    clay.append(limb([[.35, 0, .12], [.5 + m, 0, -.06]], [.15, .10], "head", blend=.08))
    nose = onto_surface(clay, [0, 0, -.08], [1, 0, 0], sink=.02)
    head.beads.append((nose, [.06, .085, .06], NOSES[manner["nose"]]))
    mouth(head, nose, .17, .16)
    face(head, manner, .47, .16, .118 * manner["eye"])
    if manner["whiskers"]:
        whiskers(head, [.5 + m, .16, -.17])
    return head


def whiskers(head, root):
    """Three on each side; a dog has them as often as a cat, so that they tell nothing."""
    for side in (1, -1):
        for k in (-1, 0, 1):
            start = np.array([root[0], side * root[1], root[2] + .03 * k])
            path = smooth_path([start, start + [.1, side * .3, .07 * k + .02], start + [0, side * .62, .14 * k - .04]], 7)
            head.threads.append((path, .0045, (.8, .8, .78)))


def _line_ear(head, base, tip, side):
    """The pink inside of a standing ear, in some cats and in some dogs."""
    inner = np.array([.1, side * .03, -.02])
    head.clay.append(limb([base + inner, base * .45 + tip * .55 + inner * .75], [.15, .07], "inside",
                          flat=((1, side * .35, .1), .4), blend=.02))
    head.colours["inside"] = (.5, .22, .18)
    head.fur["inside"] = .1


def _dog_head(body, manner):
    head, m = Toy(), 1.15 * body["muzzle"]
    clay, tip = head.clay, .38 + m
    clay.append(ball([0, 0, 0], [.48, .47, .45], "head"))
    clay.append(limb([[.15, 0, -.1], [.38 + .3 * m, 0, -.13], [tip, 0, -.12]], [.36, .27, .2], "muzzle", flat=((0, 1, 0), .92), blend=.1))
    clay.append(limb([[.1, 0, -.25], [tip - .1, 0, -.28]], [.24, .13], "muzzle", blend=.06))
    for side in (1, -1):
        clay.append(ball([.1, side * .25, -.1], [.3, .25, .28], "head"))
        clay.append(ball([.3, side * .19, .2], [.14, .13, .1], "head", blend=.08))
        clay.append(ball([tip - .04, side * .1, -.2], [.17, .13, .15], "muzzle", blend=.06))
        _dog_ear(head, body, manner, side)
    nose = onto_surface(clay, [tip - .2, 0, -.08], [1, 0, .25], sink=.03)
    head.beads.append((nose, [.08, .11, .08], NOSES[manner["nose"]]))
    mouth(head, nose + [0, 0, -.04], .16, .2)
    face(head, manner, .5, .33, .11 * manner["eye"], (.05, 0, .02))
    if manner["whiskers"]:
        whiskers(head, [tip - .06, .2, -.2])
    return head


def _dog_ear(head, body, manner, side):
    clay, e = head.clay, body["ear"]
    if body["ears"] == "prick":
        base, tip = np.array([-.12, side * .28, .28]), np.array([-.08, side * .36, .38 + .5 * e])
        clay.append(limb([base, base * .4 + tip * .6, tip], [.2, .14, .075], "ear", flat=((1, side * .3, 0), .5), blend=.06))
        if manner["lining"]:
            _line_ear(head, base, tip, side)
    elif body["ears"] == "fold":
        root = np.array([-.08, side * .3, .32])
        clay.append(limb([root, root + [.0, side * .12, .26 * e], root + [.16, side * .22, .14 * e], root + [.25, side * .24, -.06 * e]],
                         [.17, .13, .11, .05], "ear", flat=((.8, side * .6, .4), .55), blend=.05))
    else:
        root = np.array([-.1, side * .38, .28])
        clay.append(limb([root, root + [.0, side * .17, -.12], root + [.03, side * .22, -.32 * e], root + [.06, side * .18, -.62 * e]],
                         [.13, .17, .2, .15], "ear", flat=((0, 1, .15), .42), blend=.05))
