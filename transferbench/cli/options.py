"""The flags that several commands share. Imports nothing heavy."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data folder, or TASK=DIR (repeatable). Miniature protocols draw their own if left out.",
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="BACKBONE",
        help="Run folder, file of weights, random:ARCH, timm:NAME, torchvision:NAME, hf:ORG/REPO, "
        "or a name of `weights list`; shuffled:BACKBONE permutes the values of any but a random one.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder that is written.")]
Seed = Annotated[int, typer.Option(min=0, help="Of data order, augmentation and new weights.")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Pictures used of each split.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="One-off change, recorded: --set plan.lr=0.2, --set tricks.mixup=true; of the protocol: "
        "--set protocol.augment.colours=paper (repeatable).",
    ),
]
TransferSets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="One-off change of the protocol, recorded: --set plan.lr=0.2. What the file of weights does not "
        "say: --set weights.padding=same, weights.mean, ... (see `weights check --help`).",
    ),
]
WeightsSets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="What the file does not say: mean, std, input_size, crop, interpolation, colours, padding or "
        "activation, as --set padding=same --set mean=[0.5,0.5,0.5] (repeatable).",
    ),
]
Protocol = Annotated[
    str, typer.Option(metavar="NAME", help="As voc07-c4@1 (see `list protocols`), or a .toml file.")
]
Arch = Annotated[
    str | None, typer.Option(metavar="NAME", help="What a file of weights without a card is for.")
]
AllowMissing = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-missing",
        metavar="PATTERN",
        help="Tensors that the file of weights may lack, as '*.running_*' (repeatable, recorded).",
    ),
]
FrozenBackbone = Annotated[
    bool, typer.Option("--frozen-backbone", help="Train the heads alone; told in the protocol's name.")
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Let a pickle of weights run code; only for files of people you trust."),
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, ...; the fastest if left out.")]
Workers = Annotated[int, typer.Option("--workers", "-j", min=0, help="Processes that decode pictures.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Of one process; 1 repeats bit for bit.")]
Precision = Annotated[str | None, typer.Option(metavar="P", help="fp32, bf16 or fp16.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Empty the run's folder first.")]
Cache = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="Whether decoded training pictures stay in memory, in transfers: ram, off, or auto where all "
        "fit in half of what is free.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Runs at a time; as many as accelerators, or else cores, if left out."),
]
Seeds = Annotated[int | None, typer.Option(min=1, metavar="N", help="Repeats of every run.")]
FirstSeed = Annotated[int, typer.Option(min=0, help="Seed of the first repeat.")]
SuiteSeeds = Annotated[
    str | None,
    typer.Option("--seeds", metavar="N|LIST", help="A count as 3, or a list as 0,2,5; else the suite's own."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="PATTERN",
        help="Runs to do, as 'RECIPE/*' or '*/detect/seed0' (repeatable); what they need is done too.",
    ),
]
RowWeights = Annotated[
    list[str] | None,
    typer.Option(
        "--weights",
        metavar="RECIPE=BACKBONE",
        help="Weights of a row in place of its pretraining, recorded (repeatable).",
    ),
]
Public = Annotated[
    bool, typer.Option("--public", help="Take the published weights that the suite names for its rows.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Do again what failed before; else it is left out and told.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done and what it would take, and do nothing.")
]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="A run at a time on each, as 0,1 or cuda:0,cuda:1; one named twice does two at a time.",
    ),
]
