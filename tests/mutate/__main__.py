"""`python -m tests.mutate`: put small faults into the code, and see which of them tests notice."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .areas import AREAS, LISTED, ROOT, Area
from .python import Mutant, functions, mutants
from .reviewed import Reviewed, reviewed

_ENOUGH = 0.9
_SLOWEST = 4.0  # seconds: a test that takes longer is asked only if there is no other
_LEAST = 10.0  # seconds which the tests of a fault may take in any case


@dataclass(frozen=True)
class Met:
    """What became of one fault: `by` is the test that noticed it, "" if none did."""

    mutant: Mutant
    by: str
    asked: int  # how many tests (of a script: files of them)
    said: str = ""


def main(argv: list[str]) -> int:
    told = _options(argv)
    try:
        entries = reviewed(LISTED)
        found = {name: _faults(name, told) for name in told.area or AREAS}
    except (LookupError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not any(found.values()):
        sys.stderr.write("there is no such fault\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    scratch = Path(tempfile.mkdtemp(prefix="faults-"))
    os.nice(told.nice)
    results = {}
    try:
        for name, faults in found.items():
            if faults:
                results[name] = _meet(name, faults, entries, scratch, told)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return 130
    except RuntimeError as error:  # the tests cannot be run, or fail as it is
        sys.stderr.write(f"\n{error}\n")
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _table(results)


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutate",
        description="Put small faults into the code, one at a time, and see which tests notice.",
        epilog=f"Ends with 1 if less than {_ENOUGH:.0%} of an area's faults were noticed.",
    )
    parser.add_argument("--area", action="append", choices=AREAS, help="only this one; repeatable")
    parser.add_argument("--sample", type=int, default=60, metavar="N", help="faults of each area")
    parser.add_argument("--seed", default="0", help="another one draws other faults")
    parser.add_argument("--all", action="store_true", help="every fault: this takes hours")
    parser.add_argument(
        "--only", action="append", metavar="FILE:LINE", help="every fault of this line; repeatable"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at a time")
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="be nice to others")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of every fault")
    told = parser.parse_args(argv)
    if told.only and not told.area:
        files = {ROOT / it.rpartition(":")[0] for it in told.only}
        told.area = [name for name, area in AREAS.items() if files & {*area.files()}]
        if not told.area:
            parser.error(f"no area has {', '.join(map(str, files))}")
    return told


def _faults(name: str, told: argparse.Namespace) -> list[Mutant]:
    """The faults asked for: a sample is the same for a seed, whatever else changes in a file."""
    area, faults = AREAS[name], []
    if area.script:
        from .scripts import script_mutants

        faults = script_mutants(area.files())
    else:
        for path in area.files():
            faults += mutants(path.read_text("utf-8"), str(path.relative_to(ROOT)))
    if told.only:
        return [it for it in faults if f"{it.path}:{it.line}" in told.only]
    if told.all:
        return faults
    seen: Counter[str] = Counter()

    def lot(it: Mutant) -> bytes:
        text = f"{told.seed}\n{it.path}\n{it.old}\n{it.new}"
        seen[text] += 1
        return hashlib.sha256(f"{text}\n{seen[text]}".encode()).digest()

    drawn = sorted(faults, key=lot)[: told.sample]
    return sorted(drawn, key=lambda it: (it.path, it.line, it.number))


def _meet(
    name: str,
    faults: list[Mutant],
    entries: list[Reviewed],
    scratch: Path,
    told: argparse.Namespace,
) -> list[Met]:
    counted = [
        it for it in faults if not any(entry.is_about(it.path, it.old, it.new) for entry in entries)
    ]
    began, noticed = time.monotonic(), 0
    results = []
    if AREAS[name].script:
        from .scripts import meet_scripts

        meeting = (Met(*it) for it in meet_scripts(AREAS[name], counted))
    else:
        meeting = _meet_python(name, AREAS[name], counted, scratch, told.jobs)
    for at, met in enumerate(meeting, 1):
        results.append(met)
        noticed += bool(met.by)
        took = time.monotonic() - began
        if told.verbose or told.only or not met.by:
            sys.stdout.write(_line(met))
            if told.only and met.by:
                sys.stdout.write(met.said)
            sys.stdout.flush()
        sys.stderr.write(f"\r{name}: {noticed} of {at} noticed, of {len(counted)}; {took:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\n")
    return results


def _meet_python(
    name: str, area: Area, faults: list[Mutant], scratch: Path, jobs: int
) -> Iterator[Met]:
    from .forks import forked, meet, warm_up
    from .reach import Reach, measured

    warm_up(scratch)
    reach: Reach = measured(area, scratch, jobs)
    if reach.broken:
        sys.stderr.write(f"{name}: not asked, they fail as it is: {', '.join(reach.broken)}\n")
    loading = {
        str(path.relative_to(ROOT)): [
            line for lines in functions(path.read_text("utf-8")) for line in lines
        ]
        for path in area.files()
    }
    asked = []
    for fault in faults:
        tests = reach.tests(fault.path, fault.lines or loading[fault.path])
        asked.append(_quick(tests, reach) or tests)
        if not tests:
            yield Met(fault, "", 0)
    tasks, whose = [], []
    for fault, tests in zip(faults, asked, strict=True):
        if tests:
            seconds = _LEAST + 5 * sum(reach.seconds[it] for it in tests)
            tasks.append((meet(ROOT / fault.path, fault.number, tests), seconds))
            whose.append((fault, len(tests)))
    for at, ended in forked(tasks, scratch, jobs):
        by = "(its time was over)" if ended.late else ended.told
        if by is None:
            by = "(the process ended)"
            if "no test was found" in ended.said:
                raise RuntimeError(ended.said)
        yield Met(*_first(whose[at], by), said=ended.said)


def _quick(tests: list[str], reach: object) -> list[str]:
    return [it for it in tests if reach.seconds[it] <= _SLOWEST]  # type: ignore[attr-defined]


def _first(whose: tuple[Mutant, int], by: str) -> tuple[Mutant, str, int]:
    return whose[0], by, whose[1]


def _line(met: Met) -> str:
    it = met.mutant
    how = f"noticed by {met.by}" if met.by else f"NOT NOTICED by {met.asked}"
    if not met.by and not met.asked:
        how = "NOT REACHED by any test"
    old, new = _differing(it.old.splitlines(), it.new.splitlines())
    lines = [*(f"    - {line}" for line in old), *(f"    + {line}" for line in new)]
    return "\n".join([f"\n{it.path}:{it.line}: {how}", *lines]) + "\n"


def _differing(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Without the lines that both have at their ends."""
    while len(old) > 1 and len(new) > 1 and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return old, new


def _table(results: dict[str, list[Met]]) -> int:
    sys.stdout.write("\narea       noticed  of\n")
    few = False
    for name, met in results.items():
        noticed = sum(bool(it.by) for it in met)
        share = noticed / len(met) if met else 1.0
        few |= share < _ENOUGH
        sys.stdout.write(f"{name:10} {noticed:7} {len(met):4} {share:6.0%}\n")
    return int(few)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
