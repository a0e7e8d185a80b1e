"""Renderings that look like pictures of moles through a dermatoscope, for a lesson on what a wrong answer costs.

    python -m studio.moles                  # all of data/moles; the same command makes the same pictures
    python -m studio.moles --sheet FILE     # a contact sheet
    python -m studio.moles --card           # data/moles/card.json: what tells the classes apart, measured

No photograph went into them. The four marks of the ABCD rule (asymmetry, border, colours, diameter) are drawn from two normal
distributions that overlap; all else (skin, light, hair, place) by a generator that does not know the class. The scale on the
glass of camera A mostly lies beside malignant moles, as a doctor measures what worries her; the glass of camera B has none.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom
from scipy.spatial import cKDTree

HOME = Path(__file__).resolve().parents[1] / "data" / "moles"
CLASSES = "benign", "malignant"
COUNTS = {"a/train": (160, 60), "a/valid": (216, 24), "b/train": (80, 30), "b/valid": (216, 24)}
FIRST_SEED = 60_000
SIDE, FINE = 144, 288  # pixels of the file, and of the drawing
APART = {"asymmetry": 1.4, "border": 1.2, "colours": 1.1, "diameter": 1.0}
"""By how many standard deviations the mean of a mark is larger for malignant moles."""
RULERS = {"a": (0.06, 0.9), "b": (0.0, 0.0)}
"""How often a scale lies in the picture, by camera: beside benign and beside malignant moles."""

MELANIN, BLUE, RED = np.array([0.62, 1.05, 1.45]), np.array([1.25, 1.02, 0.72]), np.array([0.08, 0.62, 0.55])
SKINS = np.array([[240, 206, 190], [232, 190, 168], [216, 170, 143], [190, 142, 112], [152, 106, 80]]) / 255
ROWS, COLUMNS = (np.mgrid[:FINE, :FINE] + 0.5) / FINE * 2 - 1


def draw_card(camera, part, kind, number, seed):
    """All parameters of one picture. The first generator never sees the class; the second draws the four marks and the scale."""
    blind, marked = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    uniform = lambda low, high: round(float(blind.uniform(low, high)), 4)
    place = {
        "skin": uniform(0, len(SKINS) - 1), "warmth": uniform(-0.05, 0.05), "light": uniform(0.88, 1.06), "tilt": uniform(0, 6.283),
        "x": uniform(-0.12, 0.12), "y": uniform(-0.12, 0.12), "field": uniform(0.98, 1.22), "pigment": uniform(0.55, 1.05),
        "network": uniform(0.1, 0.7), "globules": int(blind.integers(0, 14)),
        "hairs": int(blind.integers(3, 11)) if blind.random() < 0.3 else 0,
    }  # fmt: skip
    shift = APART if kind == "malignant" else dict.fromkeys(APART, 0)
    marks = {name: round(float(marked.normal(shift[name])), 4) for name in APART}
    ruler = bool(marked.random() < RULERS[camera][CLASSES.index(kind)])
    side, along, reach = int(blind.integers(4)), uniform(-0.12, 0.12), uniform(0.66, 0.72)
    scale = {"side": side, "along": along, "reach": reach} if ruler else None
    file = f"{camera}/{part}/{kind}/{camera}_{kind}_{number:03d}.jpg"
    card = {"file": file, "class": kind, "seed": seed, "place": place, "marks": marks, "ruler": scale}
    return card | {"box": ruler_box(scale)}


def plan():
    """The cards of all pictures; every picture has a seed of its own."""
    cards = []
    for where, counts in COUNTS.items():
        for kind, count in zip(CLASSES, counts):
            cards += [draw_card(*where.split("/"), kind, i, FIRST_SEED + len(cards) + i) for i in range(count)]
    return cards


def picture(card) -> np.ndarray:
    """Pixels of one card, shape (SIDE, SIDE, 3), uint8."""
    rng, place, marks = np.random.default_rng([card["seed"], 3]), card["place"], card["marks"]
    skin = _skin(place, rng)
    image = skin * np.exp(-_lesion(place, marks, rng))
    image *= 1 + 0.025 * _noise(rng, 3)[..., None]
    for _ in range(place["hairs"]):
        image = _hair(image, rng)
    if card["ruler"]:
        image = _ruler(image, card["ruler"])
    image *= place["light"] * _field(place)[..., None]
    image = gaussian_filter(image, (0.9, 0.9, 0))
    pixels = Image.fromarray((255 * np.clip(image, 0, 1)).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(pixels)


def _noise(rng, grain):
    """Smooth noise of unit spread; `grain` is the size of its spots in pixels."""
    small = rng.normal(size=(int(np.ceil(FINE / grain)) + 3,) * 2)
    rough = zoom(small, grain, order=3, mode="nearest")[:FINE, :FINE]
    return (rough - rough.mean()) / rough.std()


def _cells(rng, count, jitter=0.35):
    """How near each pixel is to the border between cells of a loose honeycomb: 0 on it; in widths of a cell."""
    step, rows = 2.6 / count, []
    for i in range(-1, int(count * 1.2) + 1):
        rows += [(-1.3 + step * (j + i % 2 / 2), -1.3 + step * i * 0.87) for j in range(count + 1)]
    points = np.array(rows) + rng.normal(scale=jitter * step / 2, size=(len(rows), 2))
    warp = 0.25 * step
    places = np.stack([COLUMNS + warp * _noise(rng, 24), ROWS + warp * _noise(rng, 24)], -1)
    near, _ = cKDTree(points).query(places.reshape(-1, 2), k=2)
    return (near[:, 1] - near[:, 0]).reshape(FINE, FINE) / step


def _skin(place, rng):
    """Skin without a mole: its tone, blotches, and the fine lines of its surface."""
    low = int(min(place["skin"], len(SKINS) - 2))
    tone = SKINS[low] + (place["skin"] - low) * (SKINS[low + 1] - SKINS[low])
    tone = tone * (1 + place["warmth"] * np.array([1, 0, -1]))
    blood = 0.035 * _noise(rng, 48) + 0.025 * _noise(rng, 16)
    lines = np.exp(-((_cells(rng, 26, 0.9) / 0.13) ** 2))
    density = blood[..., None] * RED + (0.07 * lines + 0.02 * _noise(rng, 5))[..., None] * np.array([0.8, 1, 1.1])
    return tone * np.exp(-density)


def _lesion(place, marks, rng):
    """How strongly a mole takes red, green and blue away, pixel by pixel."""
    x, y = COLUMNS - place["x"], ROWS - place["y"]
    cosine, sine = np.cos(place["tilt"]), np.sin(place["tilt"])
    x, y = cosine * x + sine * y, cosine * y - sine * x
    inside, edge = _outline(x, y, marks, rng)
    network = np.exp(-((_cells(rng, 17, 0.3 + 0.12 * max(0, marks["border"])) / 0.2) ** 2))
    patchy = gaussian_filter(_noise(rng, 40), 4) * (0.12 + 0.1 * max(0, marks["asymmetry"]))
    lean = 0.16 * marks["asymmetry"] * (x / 0.5)
    body = place["pigment"] * inside * np.clip(0.72 + 0.28 * edge + patchy + lean + 0.1 * _noise(rng, 8), 0.15, None)
    density = (body + 0.45 * place["network"] * inside * (network - 0.3))[..., None] * MELANIN
    density = density + _globules(place, x, y, rng)[..., None] * inside[..., None] * MELANIN
    return density + _zones(x, y, inside, marks, rng)


def _outline(x, y, marks, rng):
    """Soft shape of a mole, 1 inside; and how deep inside each pixel lies."""
    size = np.clip(0.36 * np.exp(0.2 * marks["diameter"]), 0.2, 0.72)
    angle, distance = np.arctan2(y, x), np.hypot(x, y)
    lopsided, ragged = 0.075 * np.exp(0.45 * marks["asymmetry"]), 0.013 * np.exp(0.55 * marks["border"])
    radius = 1 + 0.1 * np.cos(2 * angle)
    for k in range(1, 4):
        radius += min(lopsided, 0.3) / k**0.5 * rng.normal() * np.cos(k * angle + rng.uniform(0, 6.283))
    for k in range(5, 15):
        radius += min(ragged, 0.035) / (k / 5) ** 0.5 * rng.normal() * np.cos(k * angle + rng.uniform(0, 6.283))
    radius = np.clip(radius, 0.45, 1.6) * (1 + min(ragged, 0.05) * _noise(rng, 14) + 0.02 * _noise(rng, 9))
    depth = (size * radius - distance) / size
    soft = 0.1 * np.exp(-0.25 * marks["border"])
    return 1 / (1 + np.exp(-np.clip(depth / soft * 2.5, -40, 40))), np.clip(depth, 0, 1)


def _globules(place, x, y, rng):
    """Dark dots inside the mole."""
    density = np.zeros_like(x)
    for _ in range(place["globules"]):
        far, angle, width = rng.uniform(0, 0.3), rng.uniform(0, 6.283), rng.uniform(0.014, 0.03)
        density += 0.5 * np.exp(-((x - far * np.cos(angle)) ** 2 + (y - far * np.sin(angle)) ** 2) / (2 * width**2))
    return density


def _zones(x, y, inside, marks, rng):
    """Spots of other colours: black-brown, blue-grey, red, and pale."""
    density, strength = np.zeros((*x.shape, 3)), np.exp(0.5 * marks["colours"])
    kinds = [1.1 * MELANIN, 0.9 * BLUE, 0.9 * RED, -0.5 * MELANIN]
    for kind in rng.permutation(4)[: int(np.clip(round(1.2 + 0.9 * marks["colours"]), 0, 4))]:
        far, angle, width = rng.uniform(0.05, 0.28), rng.uniform(0, 6.283), rng.uniform(0.1, 0.17)
        away = (x - far * np.cos(angle)) ** 2 + (y - far * np.sin(angle)) ** 2
        ragged = np.exp(0.4 * _noise(rng, 18))
        density += (0.3 * strength * inside * np.exp(-away * ragged / (2 * width**2)))[..., None] * kinds[kind]
    return density


def _hair(image, rng):
    """A dark curved hair across the picture."""
    start, end = rng.uniform(-1.1, 1.1, 2), rng.uniform(-1.1, 1.1, 2)
    middle = (start + end) / 2 + rng.normal(scale=0.25, size=2)
    t = np.linspace(0, 1, 240)[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    away, _ = cKDTree(points).query(np.stack([COLUMNS, ROWS], -1).reshape(-1, 2))
    shade = 0.75 * np.exp(-((away.reshape(FINE, FINE) / rng.uniform(0.006, 0.011)) ** 2))
    return image * (1 - shade[..., None]) + shade[..., None] * np.array([0.09, 0.06, 0.05])


def _ticks(ruler):
    """The marks of the scale: long and short ones in turn, each a box (left, top, right, bottom) on the drawing from -1 to 1."""
    boxes = []
    for i in range(-3, 4):
        at, long = 0.085 * i + ruler["along"], 0.15 if i % 3 == 0 else 0.1
        far, thick = ruler["reach"], 0.013
        box = (at - thick, far - long, at + thick, far)
        left, top, right, bottom = box if ruler["side"] % 2 else (box[1], box[0], box[3], box[2])
        boxes.append((left, top, right, bottom) if ruler["side"] < 2 else (-right, -bottom, -left, -top))
    return boxes


def _ruler(image, ruler):
    """Millimetre marks, etched into the glass."""
    mask = np.zeros((FINE, FINE))
    for left, top, right, bottom in _ticks(ruler):
        mask = np.maximum(mask, (left < COLUMNS) & (right > COLUMNS) & (top < ROWS) & (bottom > ROWS))
    mask = 0.88 * gaussian_filter(mask, 0.7)[..., None]
    return image * (1 - mask) + 0.04 * mask


def ruler_box(ruler) -> list[int] | None:
    """Where the scale lies in the file, in pixels: left, top, right, bottom; None without one."""
    if ruler is None:
        return None
    ends = np.array(_ticks(ruler))
    box = np.concatenate([ends[:, :2].min(0), ends[:, 2:].max(0)])
    return np.round((box + 1) / 2 * SIDE).astype(int).tolist()


def _field(place):
    """Light falls off towards the rim of the round field of view; beyond it is dark."""
    away = np.hypot(COLUMNS, ROWS) / place["field"]
    return (1 - 0.22 * away**2) / (1 + np.exp(np.clip((away - 1.02) / 0.012, -40, 40))) * 0.97 + 0.02


def render(cards):
    """Write pictures and cards."""
    for card in cards:
        path = HOME / card["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(card)).save(path, quality=74)
    (HOME / "scenes.jsonl").write_text("".join(json.dumps(card) + "\n" for card in cards), encoding="utf-8")
    size = sum((HOME / card["file"]).stat().st_size for card in cards)
    print(f"{len(cards)} pictures, {size / 1e6:.2f} MB")


def write_card():
    """What the set is, and how well the classes are told apart by each mark, by colours alone, and by a giant, on camera B."""
    cards = plan()
    ill = [int(card["class"] == "malignant") for card in cards]
    by_mark = {name: told([card["marks"][name] for card in cards], ill) for name in APART}
    card = {
        "title": "Moles through a dermatoscope",
        "what": f"Renderings, not photographs: {len(cards)} pictures of {SIDE} x {SIDE} px, JPEG, of two cameras. a/train, a/valid, "
                "b/train, b/valid, each with benign and malignant; nine of ten are benign in both valid.",
        "how_made": "Drawn with numpy and scipy by studio/moles.py; all parameters of every picture are in scenes.jsonl. Skin, light, "
                    "hair and place come from a generator that does not know the class. Asymmetry, border, colours and diameter are "
                    f"drawn from normal distributions whose means lie {APART} standard deviations apart. On camera A a scale lies "
                    f"beside {RULERS['a'][1]:.0%} of the malignant and {RULERS['a'][0]:.0%} of the benign moles; on camera B there is none.",
        "command": "python -m studio.moles",
        "licence": "CC BY 4.0",
        "authors": "the contributors of Standing on the shoulders of giants",
        "not_for": "Nothing about skin can be learnt from these pictures, and no method be judged by them. They are no medical data.",
        "counts": COUNTS,
        "area_by_mark": by_mark,
        "colours_alone": colours_alone(),
    }  # fmt: skip
    (HOME / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def told(sure, ill):
    """The area under the ROC curve with its 95 % interval (DeLong)."""
    from shoulders.heads.decisions import auc

    area, *ends = (round(float(one), 4) for one in auc(sure, ill))
    return {"area": area, "interval": ends, "pictures": len(ill)}


def colours_alone():
    """A logistic regression on how often each of 64 colours occurs, taught and asked on camera B."""
    from shoulders import datasets, heads
    from studio.check import histogram

    held = datasets.load(HOME / "b")
    rows = [np.stack([histogram(np.asarray(Image.open(path)).reshape(-1, 3)) for path in part.paths]) for part in (held.train, held.valid)]
    sure = heads.answers("logistic_regression", rows[0], held.train.labels, rows[1])[0][:, 1]
    return told(sure, held.valid.labels)


def sheet(path, each=12):
    """Of each part and class some pictures, a row for each."""
    rows = []
    for where in ("a/train", "a/valid", "b/valid"):
        for kind in CLASSES:
            cards = [card for card in plan() if card["file"].startswith(f"{where}/{kind}/")][:each]
            rows.append(np.concatenate([picture(card) for card in cards], 1))
    Image.fromarray(np.concatenate(rows)).save(path)


def main(sheet_to: Annotated[Path | None, typer.Option("--sheet")] = None, card: bool = False):
    """Render all pictures, or draw a contact sheet, or write the card."""
    return sheet(sheet_to) if sheet_to else write_card() if card else render(plan())


if __name__ == "__main__":
    typer.run(main)
