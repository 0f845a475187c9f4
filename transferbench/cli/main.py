"""The command line. Imports nothing heavy: each command brings what it needs."""

from __future__ import annotations

import typer

from transferbench.cli import (
    bench,
    catalogs,
    compare,
    data,
    diff,
    evaluate,
    explain,
    predict,
    report,
    suites,
    train,
    weights,
)

app = typer.Typer(
    name="transferbench",
    help="Which pretrained backbone transfers best, and what did each training trick buy downstream?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(suites.demo)
app.command()(train.pretrain)
app.command("detect", help="Fine-tune a backbone in Faster R-CNN and score it.")(train.transfer("detect"))
app.command("segment", help="Fine-tune a backbone in FCN and score it.")(train.transfer("segment"))
app.command()(evaluate.evaluate)
app.command()(predict.predict)
app.command()(suites.run)
app.command()(compare.compare)
app.command()(report.report)
app.command()(explain.explain)
app.command()(diff.diff)
app.add_typer(data.app, name="data")
app.add_typer(weights.app, name="weights")
app.command("list")(catalogs.list_)
app.command()(catalogs.show)
app.add_typer(bench.app, name="bench")
