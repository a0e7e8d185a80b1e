"""What is in each set, one card for each picture, and how a card becomes a picture."""
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from . import animals, big_cats, hands, insects, props, sculpt, stage, things, wool
from .sculpt import rotation
from .toy import realise

DATA = Path(__file__).resolve().parents[2] / "data" / "felt"
COUNTS = {"cats_vs_dogs": {"train": 120, "valid": 80}, "bees_vs_ants": {"train": 120, "valid": 75}, "shelf": {"": 24},
          "things": {"train": 30, "valid": 40},
          "hand_signs": {split: people * hands.TURNS for split, people in hands.PEOPLE.items()},
          "hand_sessions": dict.fromkeys(hands.ROOMS, hands.FRAMES), "big_cats": {"train": 60, "valid": 40}}
CLASSES = {"cats_vs_dogs": ["cats", "dogs"], "bees_vs_ants": ["bees", "ants"], "shelf": sorted(things.MAKERS),
           "hand_signs": list(hands.SIGNS), "hand_sessions": list(hands.SIGNS),
           "big_cats": list(big_cats.FAMILIES), "things": ["boat", "car", "rocket", "shovel", "spoon"]}
MAKERS = {"cats_vs_dogs": animals, "bees_vs_ants": insects, "big_cats": big_cats, "shelf": things, "things": things}
WORN = ("bees_vs_ants", "big_cats")  # a coat depends on the class that wears it
CELLS = {"big_cats": big_cats.CELLS}  # of the clay, where it is finer than elsewhere
HANDS = ("hand_signs", "hand_sessions")
QUALITY = dict.fromkeys(HANDS, 80)  # of the JPEG files: both sets together stay below 5 MB
# Modelled but not rendered yet. They keep their seeds: adding them changes no other picture.
LATER = {"cactus", "hat", "octopus"}
FIRST_SEED = {"cats_vs_dogs": 10_000, "bees_vs_ants": 20_000, "shelf": 30_000, "hand_signs": 40_000, "hand_sessions": 50_000,
              "big_cats": 60_000, "things": 70_000}
WOOLS = {"cats_vs_dogs": wool.PETS, "bees_vs_ants": wool.INSECTS, **dict.fromkeys(("shelf", "things"), wool.PETS + ["yellow", "red"])}


VIEWS = {"cats_vs_dogs": stage.View((.62, .94), portrait=.36, around=(.7, 1.1), in_front=.15, second=.05, drift=(.9, .0),
                                   exposure=.55, warmth=.2, tilt=.16, clutter=(.1, .25, .3, .2, .15),
                                   props=props.WORKSHOP),
         "bees_vs_ants": stage.View((.42, .78), portrait=.12, drift=(.9, .0), exposure=.6, warmth=.22, widest=1.2,
                                   outline=True, climb=3.14),
         "big_cats": stage.View((.66, .96), portrait=.15, around=(1.0, 1.5), in_front=.08, second=.0, drift=(.8, .0), widest=.92,
                               exposure=.45, warmth=.2, tilt=.08, clutter=(.15, .3, .3, .15, .1),
                               props=props.WORKSHOP),
         **dict.fromkeys(("shelf", "things"), stage.View((.5, .85)))}


def draw_card(name, kind, split, number, seed):
    """All parameters of one picture.

    Two generators: the first draws place, coat and manner and never sees the class; the second draws the shape, and
    the marks of an insect or of a big cat.
    """
    blind, shaping = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    coat = big_cats.draw_coat if name == "big_cats" else lambda rng: wool.draw_coat(rng, WOOLS[name])
    params = {"place": stage.draw_place(blind, VIEWS[name]), "coat": coat(blind), "manner": MAKERS[name].draw_manner(blind)}
    params["shape"] = {"seed": int(shaping.integers(1 << 30))} if name == "shelf" else MAKERS[name].draw_shape(kind, shaping)
    folder = f"{split}/{kind}" if split else kind
    return {"file": f"{folder}/{kind}_{number:03d}.jpg", "class": kind, "split": split or None, "seed": seed,
            "params": params}


def plan(name):
    """The cards of a set; every picture has a seed of its own, and one seed makes one scene."""
    if name in HANDS:
        return hands.signs(FIRST_SEED[name]) if name == "hand_signs" else hands.sessions(FIRST_SEED[name])
    cards, seed = [], FIRST_SEED[name]
    for split, count in COUNTS[name].items():
        for number in range(count):
            for kind in CLASSES[name]:
                if kind not in LATER:
                    cards.append(draw_card(name, kind, split, number, seed))
                seed += 1
    return cards


def write_cards(name):
    cards = plan(name)
    path = DATA / name / "scenes.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".part{os.getpid()}")
    part.write_text("".join(json.dumps(card) + "\n" for card in cards))
    part.rename(path)
    return cards


def digest(card):
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()[:16]


def build(name, card, shape=None):
    p = card["params"]
    shape = shape or p["shape"]
    look = p["place"]["camera"]["azimuth"]
    return MAKERS[name].build(card["class"], shape, p["manner"], look)


def picture(name, card, library):
    """Pixels (h, w, 3), uint8, of one card."""
    stage.clear(library)
    if name in HANDS:
        return hands.picture(card, library)
    place, coat = card["params"]["place"], card["params"]["coat"]
    rng = np.random.default_rng([card["seed"], 3])
    toy = build(name, card)
    if name in WORN:
        coat = MAKERS[name].worn(card["class"], coat, card["params"]["shape"])
    points = realise(toy, coat, library, rng, cells=CELLS.get(name, sculpt.CELLS))
    low, high = points.min(0), points.max(0)
    size = float(np.linalg.norm(high - low) / 2.6)
    focus = toy.head[0] if toy.head else (low + high) / 2
    framed = points
    if place["camera"]["portrait"] and toy.head:
        framed = points[np.linalg.norm(points - toy.head[0], axis=1) < 1.3 * toy.head[1]]
    eye = stage.frame(framed, focus, place["camera"], VIEWS[name])
    ground = props.perch(card["params"]["manner"].get("perch"), size, rng)
    if place["second"] and not place["camera"]["portrait"]:
        _second(name, card, coat, library, size, rng, ground)
    stage.set_stage(place, size, ground, eye, rng)
    return stage.photograph(place)


def _second(name, card, coat, library, size, rng, ground):
    """Another of the same class, a little behind: other shape, other colours swapped, fewer fibres."""
    second = card["params"]["place"]["second"]
    away, right, _ = stage.view_axes(card["params"]["place"]["camera"]["azimuth"], 0)
    shape = card["params"]["shape"] if name in ("shelf", "things") else \
        MAKERS[name].draw_shape(card["class"], rng)
    at = size * (right * second["side"] * 1.5 - away * second["depth"] * 1.3) + [0, 0, ground]
    other = build(name, card, shape).moved(rotation(yaw=second["turn"]), at)
    realise(other, {**coat, "first": coat["second"], "second": coat["first"]}, library, rng, 4000)


def number(card):
    return int(card["file"].rsplit("_", 1)[1].removesuffix(".jpg"))
