"""Pages' stories of runs that never happened."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from tests.fabricate.records import record
from transferbench.recipes.paper import PaperScore
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.findings.claims import with_claims
from transferbench.reports.page.story import Contrast, Story
from transferbench.runs.record import Effort, Record

RECIPES = ("plain", "warmup", "mixup & friends", "<b>tall</b>")
"""One of them, with what must be escaped in HTML, would be bold."""
GAINS = (0.0, 0.021, 0.094, -0.05)
PLAN = {
    "epochs": 3,
    "batch_size": 4,
    "lr": 0.01,
    "optimizer": {"name": "sgd", "weight_decay": 0.0005},
    "schedule": {"name": "cosine"},
    "warmup_epochs": 1.0,
    "precision": "fp32",
}
_PAPER = {
    f"row{i}": {
        "classify/top1": PaperScore(mean=0.76 + 0.01 * i),
        "detect/map_voc07": PaperScore(mean=0.77 + 0.012 * i - 0.002 * i * i),
    }
    for i in range(4)
}


def story(*tasks: str, **other: Any) -> Story:
    """Returns the story of four recipes and three seeds in some tasks, or in all; `other` replaces parts."""
    runs = (run for seed in range(3) for place in range(4) for run in _runs(place, seed))
    records = [run for run in runs if not tasks or run.task in tasks]
    comparison = compare(records, suite="fable", baseline="plain")
    parts: dict[str, Any] = {
        "comparison": with_claims(comparison, claimed={}, paper=lambda: [_PAPER]),
        "records": {run.identity: run for run in records},
        "about": "Four recipes of old.",
        "losses": {run.identity: [(step / 40, 3.0 / (1 + step)) for step in range(120)] for run in records},
        "contrasts": tuple(contrast(number) for number in range(3)),
        "commands": ("transferbench run fable",),
        "files": {"compare.json": '{"a": 1}\n'},
    }
    return Story(**parts | other)


def contrast(number: int) -> Contrast:
    """Returns a contrast of three plain pictures."""
    content = BytesIO()
    Image.new("RGB", (500, 250), "teal").save(content, "PNG")
    picture = content.getvalue()
    return Contrast(
        task="detect",
        right="warmup",
        wrong="plain",
        seed=0,
        picture=f"VOC2007/00000{number}",
        truth=picture,
        by_right=picture,
        by_wrong=picture,
        worth_right=0.9,
        worth_wrong=0.1,
    )


def _runs(place: int, seed: int) -> list[Record]:
    gain, wiggle = GAINS[place], 0.004 * ((3 * seed + place) % 5 - 2)
    scores = {
        "classify": {"top1": 0.7 + gain / 2 + wiggle},
        "detect": {
            "map_voc07": 0.5 + gain + wiggle,
            "coco_ap": 0.3 + gain - wiggle,
            "lost_missed": 0.1 - gain / 3 + wiggle,
        },
        "segment": {"pix_acc": 0.8 + gain / 3, "miou": 0.4 + gain / 2 - wiggle},
    }
    return [_run(RECIPES[place], task, seed, own) for task, own in scores.items()]


def _run(recipe: str, task: str, seed: int, scores: dict[str, float]) -> Record:
    main = {"classify": "top1", "detect": "map_voc07", "segment": "miou"}[task]
    of_class = {f"class {i}": min(1.0, scores[main] + 0.01 * ((i * 7 + seed) % 11)) for i in range(30)}
    return record(
        recipe,
        task,
        seed,
        scores,
        suite="fable",
        classes=tuple(of_class),
        pictures={"train": 40, "score": 20},
        per_class={f"{task}/{main}": {**of_class, "never seen": None}},
        effort=Effort(
            parameters=25_600_000,
            backbone_macs=4_100_000_000 + 10_000_000 * len(recipe),
            picture_size=(224, 224),
            fit_seconds=70.0,
            images_per_second=310.0,
            devices=1,
        ),
        resolved={"recipe": {"name": recipe, "plan": PLAN}, "protocol": {}, "plan": PLAN},
        weights={
            "source": f"{recipe}/classify/seed{seed}",
            "arch": "mini_d",
            "was_random": False,
            "sha256": f"{seed}" * 64,
            "share_loaded": 1.0,
            "unexpected": ["fc.weight"],
        },
        machine={"device": "cpu", "torch": "2.11.0", "transferbench": "0.1.0", "python": "3.11.7"},
    )
