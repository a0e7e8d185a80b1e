"""The card that travels with the pictures."""
import json

from . import sets

FIGURES = sets.DATA / "check.json"


def write():
    """data/felt/card.json from what is on disk; figures from `python -m studio.check --save data/felt/check.json`."""
    files = {name: sorted((sets.DATA / name).rglob("*.jpg")) for name in sets.CLASSES}
    card = {
        "title": "The felt zoo",
        "what": "Pictures of needle-felted wool toys, 192 x 192 px, JPEG: cats and dogs, bees and ants, pumas, leopards and "
                "cheetahs, five kinds of things (train and valid), a shelf of further classes, and gloves that make eight signs.",
        "how_made": "Modelled with signed distances and rendered with Blender 5.0.1 (bpy, Cycles, 8 samples, OpenImageDenoise) "
                    "by studio/felt. One scene, one card: all parameters of every picture are in scenes.jsonl. Place, light, "
                    "camera, props, coat and manner are drawn by a generator that does not know the class. How long the "
                    "wool stands and, on 302 of the 390, the marks (bands, or a rear of the coat's other colour) tell a bee "
                    "from an ant as the shape does. Pumas, leopards and cheetahs differ in build, in head and tail, and in how they wear the "
                    "darker of a coat's two wools: on the back or at the ends, as rosettes, as spots; any of them may be yellow or "
                    "teal. On the shelf and among the five kinds of things, some have colours of their own, as a strawberry is red. "
                    "Of hand signs, size, sleeve, room and light belong to a glove, and other gloves make those of valid.",
        "command": ["python -m studio.felt cats_vs_dogs", "python -m studio.felt bees_vs_ants", "python -m studio.felt big_cats", "python -m studio.felt things",
                    "python -m studio.felt shelf",
                    "python -m studio.felt hand_signs", "python -m studio.felt hand_sessions"],
        "check_command": "python -m studio.check --scratch --backbone vgg16_tiny --backbone efficientnet_lite0 --backbone mobilenet_v2=FILE --save data/felt/check.json",
        "licence": "CC BY 4.0",
        "authors": "the contributors of Standing on the shoulders of giants",
        "not_for": "These are renderings, not photographs. Do not use them to judge how well a network recognises real "
                   "animals, nor to report results on photographs, nor as a benchmark between networks.",
        "sets": {name: {"pictures": len(found), "bytes": sum(p.stat().st_size for p in found), "classes": [kind for kind in sets.CLASSES[name] if kind not in sets.LATER],
                        "per_class": sets.COUNTS[name] if "" not in sets.COUNTS[name] else sets.COUNTS[name][""]}
                 for name, found in files.items()},
        "figures": json.loads(FIGURES.read_text()) if FIGURES.exists() else [],
    }
    (sets.DATA / "card.json").write_text(json.dumps(card, indent=1) + "\n")
