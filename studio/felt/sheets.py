"""Contact sheets of every class, and the sheet that greets the reader."""
import io

from PIL import Image

from . import sets

DOCS = sets.DATA.parents[1] / "docs"
# Hand-picked: one picture of as many classes as fit in three rows, which leave room for text on a first screen.
HERO = [
    "cats_vs_dogs/valid/cats/cats_004.jpg", "cats_vs_dogs/valid/dogs/dogs_057.jpg", "shelf/strawberry/strawberry_002.jpg",
    "bees_vs_ants/valid/bees/bees_025.jpg", "shelf/motorbike/motorbike_000.jpg", "cats_vs_dogs/valid/cats/cats_077.jpg",
    "cats_vs_dogs/valid/dogs/dogs_056.jpg", "shelf/bird/bird_002.jpg", "cats_vs_dogs/valid/dogs/dogs_005.jpg",
    "cats_vs_dogs/valid/cats/cats_009.jpg", "shelf/guitar/guitar_000.jpg", "bees_vs_ants/valid/ants/ants_026.jpg",
    "shelf/teddy_bear/teddy_bear_002.jpg", "shelf/boat/boat_004.jpg", "bees_vs_ants/valid/bees/bees_061.jpg",
    "shelf/mushroom/mushroom_002.jpg", "cats_vs_dogs/valid/cats/cats_074.jpg", "cats_vs_dogs/valid/dogs/dogs_035.jpg",
    "shelf/snail/snail_002.jpg", "shelf/rocket/rocket_005.jpg", "shelf/house/house_005.jpg",
]


def grid(paths, columns, side, gap=2):
    rows = -(-len(paths) // columns)
    sheet = Image.new("RGB", (columns * (side + gap) - gap, rows * (side + gap) - gap), "white")
    for i, path in enumerate(paths):
        picture = Image.open(path).convert("RGB").resize((side, side), Image.LANCZOS)
        sheet.paste(picture, ((i % columns) * (side + gap), (i // columns) * (side + gap)))
    return sheet


def save_below(sheet, path, limit):
    """The best JPEG quality that keeps the file below `limit` bytes."""
    for quality in range(88, 20, -4):
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= limit:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    print(f"{path.relative_to(DOCS.parent)} {buffer.tell() / 1000:.0f} kB, quality {quality}")


def hands(name):
    """A row for each sign: of every part some pictures, from one end to the other."""
    rows = []
    for kind in sets.CLASSES[name]:
        for split in sets.COUNTS[name]:
            paths = sorted((sets.DATA / name / split / kind).glob("*.jpg"))
            rows += paths[::max(1, len(paths) // 8)][:8]
    save_below(grid(rows, len(rows) // len(sets.CLASSES[name]), 96), DOCS / "felt" / f"{name}.jpg", 400_000)


def draw_all():
    for name in sets.HANDS:
        hands(name)
    for name in (name for name in sets.CLASSES if name not in sets.HANDS):
        for kind in sets.CLASSES[name]:
            for split in sets.COUNTS[name]:
                paths = sorted((sets.DATA / name / split / kind).glob("*.jpg"))
                if not paths:
                    continue
                tag = f"{name}_{split}_{kind}" if split else f"{name}_{kind}"
                columns, side = (15, 80) if split else (8, 96)
                save_below(grid(paths, columns, side), DOCS / "felt" / f"{tag}.jpg", 250_000 if split else 60_000)
    if HERO:
        save_below(grid([sets.DATA / file for file in HERO], 7, 170, 0), DOCS / "felt_zoo.jpg", 390_000)
