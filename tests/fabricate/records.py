"""Records of runs that never happened."""

from __future__ import annotations

from typing import Any

from transferbench.runs.record import Record, Teacher

PROTOCOLS = {"classify": "miniature@1", "detect": "miniature@1", "segment": "miniature@1"}


def record(recipe: str, task: str, seed: int, scores: dict[str, float], **other: Any) -> Record:
    """Returns a record with the names of `scores` short of their task; `other` replaces any field."""
    fields: dict[str, Any] = {
        "suite": "demo",
        "recipe": recipe,
        "task": task,
        "protocol": PROTOCOLS[task],
        "seed": seed,
        "identity": f"{recipe}-{task}-{seed}",
        "scores": {f"{task}/{name}": value for name, value in scores.items()},
        "wall_seconds": 80.0 + 10 * seed,
        "peak_memory_bytes": 3 * 2**29,
        "pictures": {"train": 40, "val": 20},
        "classes": ("ring", "star"),
        "data": {"root": "data", "fingerprint": "a" * 64},
        "weights": {"from": f"{recipe}/classify/seed{seed}", "sha256": f"{recipe}{seed}"},
        "resolved": {"recipe": {}, "protocol": {}},
        "machine": {"device": "cpu"},
    }
    return Record.model_validate(fields | other)


def top1(recipe: str, *values: float, **other: Any) -> list[Record]:
    """Returns runs of classify with seeds 0, 1, ... and one score each."""
    return [record(recipe, "classify", seed, {"top1": value}, **other) for seed, value in enumerate(values)]


def taught(forward_seconds: float, pretraining_seconds: float | None) -> Teacher:
    """Returns what a record says of a teacher."""
    return Teacher(
        source="tall/classify/seed0",
        sha256="b" * 64,
        forward_seconds=forward_seconds,
        pretraining_seconds=pretraining_seconds,
    )


def demo() -> list[Record]:
    """Returns the runs of a whole suite: a control, two backbones, three tasks, two seeds."""
    transfers = [
        run for seed in (0, 1) for recipe in ("random", "B", "D") for run in _transfers(recipe, seed)
    ]
    return transfers + [
        record(recipe, "classify", seed, {"top1": top1, "top5": top5}, paper={"classify/top1": paper})
        for recipe, seed, top1, top5, paper in (
            ("B", 0, 0.852, 0.970, 0.7616),
            ("B", 1, 0.861, 0.974, 0.7616),
            ("D", 0, 0.887, 0.981, 0.7929),
            ("D", 1, 0.884, 0.984, 0.7929),
        )
    ]


def _transfers(recipe: str, seed: int) -> list[Record]:
    gain = {"random": 0.0, "B": 0.552, "D": 0.579}[recipe]
    wiggle = {"random": 0.007, "B": -0.004, "D": 0.011}[recipe] * seed
    detect = {
        "map_voc07": 0.21 + gain + wiggle,
        "map_area": 0.2 + gain + wiggle / 2,
        "coco_ap": 0.09 + gain / 2,
        "coco_ap50": 0.2 + gain - wiggle,
    }
    segment = {"pix_acc": 0.51 + gain / 2 - wiggle, "miou": 0.09 + gain / 2 + wiggle}
    return [record(recipe, "detect", seed, detect), record(recipe, "segment", seed, segment)]
