"""Owns how many examples each property gets, how they are drawn, and the count of those run."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

FACTOR = float(os.environ.get("FUZZ_EXAMPLES_FACTOR") or 0)
LEAST = 10_000  # examples in a full run
PROPERTIES: list[str] = []  # all that were imported
RUN: Counter[str] = Counter()  # examples run to their end, by property


def examples(count: int, **strategies: Any) -> Callable[[Callable[..., None]], Any]:
    """A property with so many examples; the same ones in each run, unless the factor is given."""

    def decorate(function: Callable[..., None]) -> Any:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        PROPERTIES.append(name)

        @functools.wraps(function)
        def counted(*args: Any, **told: Any) -> None:
            function(*args, **told)
            RUN[name] += 1

        how = settings(
            max_examples=max(1, int(count * (FACTOR or 1))),
            derandomize=not FACTOR,
            database=None,
            deadline=None,  # timings are no matter of these tests
            print_blob=True,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        return how(given(**strategies)(counted))

    return decorate


def summary() -> str:
    """What was run, in one line."""
    how = f"{FACTOR:g} times as many, at random" if FACTOR else "the same ones in each run"
    return f"fuzz: {RUN.total():,} examples of {len(RUN)} properties ({how})"
