"""Rendering the cards that are not on disk yet."""
import time

from PIL import Image

from . import sets, stage


def is_done(name, card):
    """A picture is done when its comment names the card it was made from."""
    path = sets.DATA / name / card["file"]
    return path.exists() and Image.open(path).info.get("comment", b"").decode() == sets.digest(card)


def render(name, cards):
    """One picture after the other in this process; prints what each one cost."""
    print(f"{name}: {len(cards)} pictures to render", flush=True)
    library = stage.open_stage()
    for card in cards:
        path, started, cpu = sets.DATA / name / card["file"], time.time(), time.process_time()
        path.parent.mkdir(parents=True, exist_ok=True)
        stage.save(sets.picture(name, card, library), path, sets.digest(card), sets.QUALITY.get(name, 88))
        print(f"\n{card['file']} {time.time() - started:.1f} s, {time.process_time() - cpu:.1f} core-seconds", flush=True)
