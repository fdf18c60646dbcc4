#!/usr/bin/env python3
"""Writes the portrait as 20 JPEG files of different quality, subsampling and size, each with the pixels
(`.rgb`) that libjpeg-turbo decodes, for scores.mjs beside this file.

    python3 tools/page/jpeg/files.py DIR        # needs Pillow
"""

import sys
from pathlib import Path

from PIL import Image

PORTRAIT = Path(__file__).parents[3] / "crates/fasgard-face/tests/data/astronaut.png"
SUBSAMPLING = ["444", "422", "420"]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    portrait = Image.open(PORTRAIT).convert("RGB").resize((400, 400), Image.Resampling.BICUBIC)
    picture = Image.new("RGB", (640, 480), (0x57, 0x62, 0x6F))
    picture.paste(portrait, (120, 40))
    files = [
        (f"q{quality}-{name}", picture.size, {"quality": quality, "subsampling": i})
        for quality in (50, 75, 85, 92, 98)
        for i, name in enumerate(SUBSAMPLING)
    ]
    files += [
        ("odd-q85-420", (601, 451), {"quality": 85, "subsampling": 2}),
        ("odd-q92-422", (601, 451), {"quality": 92, "subsampling": 1}),
        ("progressive-q85-420", picture.size, {"quality": 85, "subsampling": 2, "progressive": True}),
        ("large-q80-420", (1280, 960), {"quality": 80, "subsampling": 2}),
        ("small-q80-420", (320, 240), {"quality": 80, "subsampling": 2}),
    ]
    for name, size, options in files:
        path = folder / f"{name}.jpg"
        picture.resize(size, Image.Resampling.BICUBIC).save(path, **options)
        path.with_suffix(".rgb").write_bytes(Image.open(path).convert("RGB").tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
