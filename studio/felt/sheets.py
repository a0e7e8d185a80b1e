"""Contact sheets of every class, and the sheet that greets the reader."""
import io

from PIL import Image

from . import sets

DOCS = sets.DATA.parents[1] / "docs"
# Hand-picked: one picture of as many classes as fit, cats and dogs first.
HERO = []


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


def draw_all():
    for name in sets.CLASSES:
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
