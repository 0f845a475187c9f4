"""Places365's lists and pictures, with three categories."""

from pathlib import Path

from tests.fabricate.encoded import jpeg

CATEGORIES = ("/a/airfield", "/a/apartment_building/outdoor", "/y/yard")


def places365(root: Path, *, train: int = 3, val: int = 4, data: str = "data_256") -> Path:
    """Writes `train` pictures a category and `val` in all; returns the root."""
    (root / "val_256").mkdir(parents=True)
    _write(root / "categories_places365.txt", [f"{name} {label}" for label, name in enumerate(CATEGORIES)])
    lines = []
    for label, category in enumerate(CATEGORIES):
        (root / f"{data}{category}").mkdir(parents=True)
        for number in range(1, train + 1):
            (root / f"{data}{category}/{number:08d}.jpg").write_bytes(jpeg(label, number))
            lines.append(f"{category}/{number:08d}.jpg {label}")
    _write(root / "places365_train_standard.txt", lines)
    names = [f"Places365_val_{number:08d}.jpg" for number in range(1, val + 1)]
    for number, name in enumerate(names):
        (root / "val_256" / name).write_bytes(jpeg(9, number))
    _write(root / "places365_val.txt", [f"{name} {n % len(CATEGORIES)}" for n, name in enumerate(names)])
    return root


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))
