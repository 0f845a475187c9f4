"""Tar shards as the hub's `timm/imagenet-1k-wds` has them, and the index of packed ones."""

import json
import tarfile
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from tests.fabricate.encoded import jpeg

SYNSETS = ("n01440764", "n01443537", "n01484850")
"""The first three of ImageNet, whose labels are 0, 1 and 2."""
Member = tuple[str, bytes]


def sample(key: str, label: int, *seed: int) -> list[Member]:
    """Returns the three members of a sample, in the order in which webdataset writes them."""
    said = json.dumps({"label": label, "filename": f"{key}.JPEG"}).encode()
    return [(f"{key}.cls", str(label).encode()), (f"{key}.jpg", jpeg(label, *seed)), (f"{key}.json", said)]


def write_tar(path: Path, members: Iterable[Member], *, format: int = tarfile.PAX_FORMAT) -> Path:
    """Writes a tar file; times of change are fractions, so that PAX has extended headers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=format) as file:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), 1e9 + 0.25
            file.addfile(member, BytesIO(content))
    return path


def shards(root: Path, *, train: int = 3, each: int = 8, val: int = 2) -> Path:
    """Writes training shards of `each` samples and one of validation with `val` a class; returns the root."""
    for number in range(train):
        path = root / f"imagenet1k-train-{number:04d}.tar"
        write_tar(path, (m for i in range(each) for m in _training_sample(number * each + i)))
    scored = [
        sample(f"{synset}_ILSVRC2012_val_{label * val + i:08d}", label, 1, i)
        for label, synset in enumerate(SYNSETS)
        for i in range(val)
    ]
    write_tar(root / "imagenet1k-validation-00.tar", (m for members in scored for m in members))
    return root


def write_index(root: Path, classes: Iterable[str] = SYNSETS, *, each: int = 8, val: int = 2) -> Path:
    """Writes the `index.json` of `data pack` for the shards of `shards`; returns it."""
    splits = {}
    for split, word, count in (("train", "train", each), ("val", "validation", val * len(SYNSETS))):
        found = [
            {
                "name": path.name,
                "bytes": path.stat().st_size,
                "sha256": sha256(path.read_bytes()).hexdigest(),
                "pictures": count,
            }
            for path in sorted(root.glob(f"*{word}*.tar"))
        ]
        splits[split] = {"pictures": count * len(found), "shards": found}
    index = {"format": 1, "classes": list(classes), "short_side": None, "splits": splits}
    path = root / "index.json"
    path.write_text(json.dumps(index))
    return path


def _training_sample(number: int) -> list[Member]:
    label = number % len(SYNSETS)
    return sample(f"{SYNSETS[label]}_{number}", label, 0, number)
