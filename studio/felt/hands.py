"""Felt gloves that make signs. A hand is plain data: palm, four fingers with three joints each, a thumb, a cuff, a sleeve.

Its own frame: fingers up (z), palm towards the camera (x), thumb to the right (y) as of a right hand seen from its palm.
A *person* is a glove, a sleeve, a size, a room and its light; nothing of it depends on the sign.
"""
import json

import numpy as np

from . import stage, wool
from .sculpt import ball, limb, rotation
from .toy import Toy, realise

DEGREE = np.pi / 180
# Flexion of the base, middle and tip joint, in degrees.
STRAIGHT, CURLED, RING = (6, 8, 5), (84, 102, 62), (38, 68, 44)
# Index, middle, ring and little finger; the thumb; how far each finger is spread; the roll of the whole hand (degrees).
SIGNS = {
    "fist": ((CURLED,) * 4, "across", (0, 0, 0, 0), 0),
    "ok": ((RING, STRAIGHT, STRAIGHT, STRAIGHT), "ring", (4, 2, -9, -22), 0),
    "open": ((STRAIGHT,) * 4, "out", (14, 3, -8, -20), 0),
    "point": ((STRAIGHT, CURLED, CURLED, CURLED), "across", (2, 0, 0, 0), 0),
    "rock_on": ((STRAIGHT, CURLED, CURLED, STRAIGHT), "across", (10, 0, 0, -16), 0),
    "three": ((STRAIGHT, STRAIGHT, CURLED, CURLED), "out", (10, -10, 0, 0), 0),
    "thumb_up": ((CURLED,) * 4, "up", (0, 0, 0, 0), 90),
    "victory": ((STRAIGHT, STRAIGHT, CURLED, CURLED), "across", (13, -13, 0, 0), 0),
}
KNUCKLES = np.array([[.0, .275, .36], [.0, .095, .40], [.0, -.085, .37], [.0, -.255, .29]])
BONES = np.array([[.40, .25, .19], [.45, .28, .20], [.41, .26, .20], [.31, .20, .17]])
THICK = np.array([.098, .100, .096, .084])
THUMBS = {
    "out": [(.04, .20, -.26), (.10, .46, -.04), (.12, .66, .13), (.12, .83, .29)],
    "up": [(.04, .20, -.20), (.12, .44, .02), (.12, .70, .07), (.10, .95, .08)],
    "across": [(.06, .20, -.26), (.24, .40, -.02), (.40, .27, .19), (.44, .02, .22)],
}
ASLANT = 50  # how far the index leaves the palm's normal towards the thumb where the two make a ring (degrees)
WRIST = -.62
FLIP = np.diag([1, -1, 1])  # a right hand becomes a left one

# Other gloves in valid than in train.
WOOLS = {"train": ["cream", "ginger", "brown", "grey", "red", "white", "teal", "plum"],
         "valid": ["sand", "rust", "slate", "black", "yellow", "chocolate", "navy", "green"]}
PEOPLE = {"train": 20, "valid": 15}  # each makes every sign in TURNS pictures
TURNS = 2
ROOMS, FRAMES = ("a", "b", "c"), 8  # of the sessions: one glove, and a run of frames of every sign
VIEW = stage.View((.74, .92), portrait=0, around=(.1, .1), in_front=0, second=0, drift=(.6, .0), exposure=.3,
                  warmth=.15, tilt=.05, clutter=(.25, .35, .25, .15))
CELLS, FIBRES = 125, 7000
MARKS = ["plain", "stripes", "patches", "mottled", "cuffed"]


def draw_person(split, rng):
    """Glove, sleeve, size, and where its pictures are taken."""
    place = stage.draw_place(rng, VIEW)
    place["camera"]["elevation"] = round(float(abs(rng.normal(.04, .06))) + .01, 3)
    coat = wool.draw_coat(rng, WOOLS[split]) | {"pattern": str(rng.choice(MARKS, p=[.3, .25, .1, .1, .25])), "curl": .3,
                                                "fur": round(float(rng.choice([.015, .022, .032])), 3)}
    return {"place": place, "coat": coat, "sleeve": [round(float(c), 3) for c in wool.WOOLS[str(rng.choice(list(wool.WOOLS)))]],
            "left": bool(rng.random() < .5), "stretch": round(float(rng.uniform(.9, 1.12)), 3),
            "fat": round(float(rng.uniform(.9, 1.15)), 3)}


def draw_moment(person, rng):
    """The person's room as one picture of it shows it: from a little further on."""
    place = json.loads(json.dumps(person["place"]))
    camera = place["camera"]
    camera["shift"] = rng.uniform(-1, 1, 2).round(3).tolist()
    camera["fill"] = round(float(np.clip(camera["fill"] + rng.normal(0, .04), .68, .94)), 3)
    camera["azimuth"] = round(float(camera["azimuth"] + rng.normal(0, .05)), 3)
    return place


def draw_shape(sign, rng, loose=1.0):
    """How a hand makes a sign this time: every joint is off a little, `loose` times as much as is usual."""
    curls, thumb, spread, roll = SIGNS[sign]
    off = lambda values, by: (np.asarray(values, float) + rng.normal(0, by * loose, np.shape(values))).round(1).tolist()
    yaw = rng.uniform(*((-8, 25) if thumb == "ring" else (-20, 20)))
    return {"joints": off(curls, 5), "spread": off(spread, 2.5), "thumb": thumb,
            "thumb_off": rng.normal(0, .018 * loose, (3, 3)).round(3).tolist(), "yaw": round(float(yaw), 1),
            "pitch": off(0, 7), "roll": off(roll, 8), "lean": round(float(rng.uniform(-22, 22)), 1)}


def follow(shape, rng):
    """The same hand a fifth of a second later, as a camera sees it: everything has moved by little."""
    near = lambda values, by: (np.asarray(values, float) + rng.normal(0, by, np.shape(values))).round(3).tolist()
    moves = {"joints": 1.5, "spread": .8, "thumb_off": .004, "yaw": 3, "pitch": 2, "roll": 2.5, "lean": 1.5}
    return shape | {name: near(shape[name], by) for name, by in moves.items()}


def build(person, shape):
    """The toy, and the rotation that turned it."""
    fat = person["fat"]
    fingers = [_finger(i, shape, person["stretch"]) for i in range(4)]
    palm = [ball((0, .01, .06), (.15 * fat, .37, .40), "palm", blend=.05),
            limb([(0, .20, -.22), (0, .22, .30)], [.13 * fat, .12 * fat], "palm", blend=.08),
            limb([(0, -.18, -.22), (0, -.22, .24)], [.13 * fat, .11 * fat], "palm", blend=.08),
            limb([(0, 0, -.30), (0, 0, -.55)], [.23, .21], "palm", ((1, 0, 0), .75), blend=.12)]
    clay = palm + [limb(f, THICK[i] * fat * np.array([1.05, 1, .95, .86]), "finger", blend=.018) for i, f in enumerate(fingers)]
    clay.append(limb(_thumb(shape, fingers[0][-1]), fat * np.array([.135, .118, .105, .092]), "thumb", blend=.04))
    clay.append(limb([(0, 0, -.52), (0, 0, -.72)], [.27, .26], "cuff", ((1, 0, 0), .8), blend=.02))
    down = np.array([0, np.sin(shape["lean"] * DEGREE), -np.cos(shape["lean"] * DEGREE)])
    arm = np.array([(0, 0, WRIST) + down * t for t in (0, .5, 1.2, 2.4, 4.0)])
    toy = Toy(clay=clay, tubes=[(arm, [.2, .23, .27, .32, .38], "sleeve")], comb=(0, 0, .35),
              fur={"sleeve": .25, "cuff": .7, "finger": .8, "thumb": .8}, colours={"sleeve": tuple(person["sleeve"])})
    yaw, pitch, roll = (shape[name] * DEGREE for name in ("yaw", "pitch", "roll"))
    side, flip = (-1, FLIP) if person["left"] else (1, np.eye(3))
    turn = rotation(roll=side * roll) @ rotation(yaw=side * yaw, pitch=pitch) @ flip
    return toy.moved(turn), turn


def _finger(i, shape, stretch):
    """The four points of a finger."""
    points, angle, side = [KNUCKLES[i]], 0.0, shape["spread"][i] * DEGREE
    aslant = ASLANT * DEGREE * (i == 0 and shape["thumb"] == "ring")
    for bone, bend in zip(BONES[i] * stretch, shape["joints"][i]):
        angle += bend * DEGREE
        step = [np.sin(angle) * np.cos(aslant), np.cos(angle) * np.sin(side) + np.sin(angle) * np.sin(aslant),
                np.cos(angle) * np.cos(side)]
        points.append(points[-1] + bone * np.array(step))
    return np.array(points)


def _thumb(shape, tip):
    """Its four points; in a ring the last one meets the index finger's `tip`."""
    ring = [(.04, .20, -.26), (.10, .46, -.12), (.18, .66, .02), tip + [.02, .0, -.06]]
    points = np.array(ring if shape["thumb"] == "ring" else THUMBS[shape["thumb"]], float)
    points[1:] += shape["thumb_off"]
    return points


def worn(person):
    """The coat and the colours of its parts: a cuffed glove is plain but for its cuff."""
    coat = person["coat"]
    if coat["pattern"] != "cuffed":
        return coat, {}
    return coat | {"pattern": "plain"}, {"cuff": wool.WOOLS[coat["second"]]}


def shown(points, turn):
    """Those that should be in the picture: the hand and its cuff, not the arm."""
    return points[(points @ turn)[:, 2] > WRIST]


def signs(seed):
    """The cards of the set in which other people make the signs of valid; no two people have one number."""
    cards, people_from, met = [], seed + 5_001, 0
    for split, people in PEOPLE.items():
        for number in range(people):
            person, who = draw_person(split, np.random.default_rng(people_from + met)), f"p{met:02d}"
            met += 1
            for turn in range(TURNS):
                for sign in SIGNS:
                    seed += 1
                    draw = np.random.default_rng(seed)
                    name = f"{split}/{sign}/{sign}_{who}_{number * TURNS + turn:03d}.jpg"
                    cards.append(_card(name, split, sign, seed, who, person, draw_moment(person, draw), draw_shape(sign, draw)))
    return cards


def sessions(seed):
    """The cards of one person in three rooms: of every sign a run of frames, as a camera takes them."""
    person = draw_person("train", np.random.default_rng(seed + 5_000))
    rooms = [draw_person("train", np.random.default_rng(seed + 5_001 + i))["place"] for i in range(len(ROOMS))]
    cards = []
    for room, place in zip(ROOMS, rooms):
        for sign in SIGNS:
            draw = np.random.default_rng(seed + 1)
            moment, shape = draw_moment(person | {"place": place}, draw), draw_shape(sign, draw)
            for frame in range(FRAMES):
                seed += 1
                name = f"{room}/{sign}/{sign}_{room}_{frame:03d}.jpg"
                cards.append(_card(name, room, sign, seed, f"{room}_{sign}", person, moment, shape))
                moment, shape = _later(moment, draw), follow(shape, draw)
    return cards


def _later(moment, rng):
    """The camera a fifth of a second later."""
    camera = moment["camera"]
    shift = (np.array(camera["shift"]) + rng.normal(0, .12, 2)).clip(-1, 1).round(3).tolist()
    return moment | {"camera": camera | {"shift": shift, "fill": round(float(np.clip(camera["fill"] + rng.normal(0, .01), .68, .94)), 3)}}


def _card(file, split, sign, seed, group, person, place, shape):
    params = {name: person[name] for name in ("coat", "sleeve", "left", "stretch", "fat")} | {"place": place, "shape": shape}
    return {"file": file, "class": sign, "split": split, "seed": seed, "group": group, "params": params}


def picture(card, library):
    """Pixels (h, w, 3), uint8, of one card, on a stage that is clear."""
    params, rng = card["params"], np.random.default_rng([card["seed"], 3])
    toy, turn = build(params, params["shape"])
    coat, colours = worn(params)
    toy.colours |= colours
    points = realise(toy, coat, library, rng, FIBRES, CELLS)
    inside = shown(points, turn)
    eye = stage.frame(inside, inside.mean(0), params["place"]["camera"], VIEW)
    stage.set_stage(params["place"], 1.0, -2.0, eye, rng)
    return stage.photograph(params["place"])
