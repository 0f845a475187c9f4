"""The rate that follows from the batch, where a one-off change names the batch alone. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from transferbench.engine.plan import Plan

_BATCH, _RATE = "plan.batch_size", "plan.lr"


def sets_with_rate(plan: Plan | None, sets: Sequence[str]) -> tuple[str, ...]:
    """Returns one-off changes, and after them the rate that a changed batch asks for.

    The rate grows as the batch with SGD, and as its square root with AdamW; one that is named wins.

    Args:
        plan: before the changes; None has no rate.
        sets: as `plan.batch_size=16`.

    Source:
        Goyal et al. 2017 for SGD; Malladi et al. 2022 for Adam.
    """
    named = {text.partition("=")[0].strip(): text.partition("=")[2].strip() for text in sets}
    batch = named.get(_BATCH, "")
    try:
        pictures = int(batch)
    except ValueError:
        return tuple(sets)
    if plan is None or _RATE in named or pictures < 1 or pictures == plan.batch_size:
        return tuple(sets)
    share = pictures / plan.batch_size
    rate = plan.lr * (share if plan.optimizer.name == "sgd" else share**0.5)
    return (*sets, f"{_RATE}={rate:g}")
