"""What was loaded, in words: the loader's report."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from transferbench.backbones.weights.report import percent

if TYPE_CHECKING:
    from transferbench.backbones.weights.report import LoaderReport
    from transferbench.tasks.base import DataCard


_VOUCHED = {
    "the index": "as the index states",
    "recorded before": "as on its first use here",
    "recorded now": "first use here, now recorded",
}


def announce(report: LoaderReport, data: DataCard | None = None) -> None:
    """Prints what was loaded, weights and data, for people, before anything is done with it."""
    from transferbench.cli.console import err

    for line in (*report_lines(report), *(() if data is None else data_lines(data))):
        err.print(line, markup=False, soft_wrap=True)


def data_lines(data: DataCard) -> list[str]:
    """Returns what a reader of the scores should know of the data, a line a subject."""
    counts = ", ".join(f"{count:,} to {split}" for split, count in data.pictures.items())
    classes = ", ".join(data.classes[:5]) + (", ..." if len(data.classes) > 5 else "")
    lines = [f"data: {data.root}, pictures: {counts}; {len(data.classes)} classes ({classes})"]
    return [*lines, *data.remarks, *([data.note] if data.note else [])]


def report_lines(report: LoaderReport) -> list[str]:
    """Returns the report, a line a subject."""
    settings = f"settings: {settings_line(report.settings)}"
    if report.was_random:
        return [f"backbone: {report.arch}, random weights: the control", settings]
    held = f" ({_VOUCHED[report.sha256_from]})" if report.sha256_from else ""
    sha256 = report.shuffled_from or report.sha256
    lines = [
        f"weights: {report.source}" + (f", from {report.origin}" if report.origin != report.source else ""),
        f"sha256: {sha256}{held}",
        f"loaded: {report.arch}, {report.matched} tensors, {percent(report.share_loaded)} of its numbers, "
        f"{' and '.join(report.dtypes)}; nothing unexpected, finite; {_norms(report)}",
    ]
    if report.wrappings:
        lines.append(f"taken off: {', '.join(report.wrappings)}")
    for what, names in (("left out", report.left_out), ("missing, as allowed", report.allowed_missing)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            lines.append(f"{what}: {names[0]}{more}")
    if report.shuffled_from:
        lines.append("shuffled: values stand elsewhere in their tensors, batch norm starts anew: a control")
    if report.twins:
        lines.append(
            f"cannot tell: {', '.join(report.twins)} would take the same tensors and stride elsewhere; "
            "`weights check --data` tells"
        )
    lines.append(f"classifier: {_classifier(report)}")
    return [*lines, settings]


def _norms(report: LoaderReport) -> str:
    if report.norms:
        return f"{report.norms} batch norms with sane statistics"
    return "no batch norm, so nothing tells a trained network from a new one"


def _classifier(report: LoaderReport) -> str:
    if not report.classifier:
        return "none"
    classes = "" if report.classes is None else f"{report.classes:,} outputs, "
    tensors = "1 tensor" if len(report.classifier) == 1 else f"{len(report.classifier)} tensors"
    names = ", ".join(report.classifier[:2]) + (", ..." if len(report.classifier) > 2 else "")
    return f"{classes}{tensors} ({names})"


def settings_line(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns settings grouped by who told them."""
    order = list(settings)
    by_teller = sorted(settings.items(), key=lambda item: item[1]["told_by"])
    groups = [
        (teller, [key for key, _ in group])
        for teller, group in groupby(by_teller, key=lambda item: item[1]["told_by"])
    ]
    parts = []
    for teller, keys in sorted(groups, key=lambda group: order.index(group[1][0])):
        values = ", ".join(f"{key} {shown(settings[key]['value'])}" for key in keys)
        parts.append(f"{values} (by {teller})")
    return "; ".join(parts)


def shown(value: Any) -> str:
    """Returns the value of a setting, four digits of each number."""
    if isinstance(value, list | tuple):
        return "/".join(map(shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
