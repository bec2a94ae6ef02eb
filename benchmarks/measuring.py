"""Ours and another in short turns: on a busy machine only their ratio means anything."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

Work = Callable[[], object]


@attrs.frozen
class Pair:
    """Seconds of ours and of the other, round by round."""

    ours: Sequence[float]
    other: Sequence[float]

    @property
    def ratio(self) -> float:
        """Our rate by the other's: the median of the rounds' own ratios."""
        return statistics.median(self._ratios())

    def figures(self, per_round: int) -> dict[str, Any]:
        quarters = statistics.quantiles(self._ratios(), n=4) if len(self.ours) > 1 else [self.ratio] * 3
        return {
            "ours_per_s": round(per_round / statistics.median(self.ours), 1),
            "floor_per_s": round(per_round / statistics.median(self.other), 1),
            "rounds": len(self.ours),
            "per_round": per_round,
            "ratio_quartiles": [round(quarter, 3) for quarter in (quarters[0], quarters[2])],
        }

    def _ratios(self) -> list[float]:
        return [other / ours for ours, other in zip(self.ours, self.other, strict=True)]


def seconds(work: Work) -> float:
    """How long it takes. What came before is no work for its collector; a whole collection here would leave the
    processor's caches cold, which a round of milliseconds feels."""
    gc.collect(1)
    gc.freeze()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def machine(**versions: str) -> dict[str, Any]:
    """Where it was measured, and the versions of what else took part."""
    return {
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        **versions,
    }
