"""Owns the figures of a long run: what page, kernel and machine hold at one moment of rest.

`rss_mb` includes what Playwright keeps of every request that the page ever made; what the package
itself holds is in `ours`, objects of its classes.
"""

import gc
import resource
import threading
from pathlib import Path

OURS = ("cocalc_widget.frame", "cocalc_widget.api")  # where a leak of Python's would begin
POOLS = "cocalc-local-"  # the stand-in's threads, bounded and kept
PAGE = ("Documents", "Frames", "JSEventListeners", "Nodes")
COLUMNS = (
    *("seconds", "commands", "pending", "timers", "listeners", "detached"),
    *PAGE,
    *("heap_kb", "ours", "threads", "sockets", "files", "rss_mb"),
)


class Figures:
    """Reads them, keeps them, prints them; the page's by Chromium's own counters."""

    def __init__(self, page):
        self.page = page
        self.rows = []
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable")

    def take(self, seconds, commands, pending):
        """A row for this moment, after both sides have collected their garbage."""
        gc.collect()
        self._cdp.send("HeapProfiler.collectGarbage")
        told = self._cdp.send("Performance.getMetrics")["metrics"]
        metrics = {item["name"]: item["value"] for item in told}
        row = {
            "seconds": round(seconds),
            "commands": commands,
            "pending": pending,
            **self.page.evaluate("left()"),
            **{name: int(metrics[name]) for name in PAGE},
            "heap_kb": round(metrics["JSHeapUsedSize"] / 1024),
            "ours": sum(str(type(o).__module__).startswith(OURS) for o in gc.get_objects()),
            "threads": sum(not t.name.startswith(POOLS) for t in threading.enumerate()),
            **descriptors(),
            "rss_mb": resident(),
        }
        self.rows.append(row)
        return row

    def table(self):
        """All rows as text."""
        widths = [max(len(name), 7) for name in COLUMNS]
        lines = [COLUMNS, *([str(row[name]) for name in COLUMNS] for row in self.rows)]
        pairs = (zip(line, widths, strict=True) for line in lines)
        return "\n".join(" ".join(text.rjust(width) for text, width in line) for line in pairs)

    def middle(self, name, third):
        """The median of a figure over the first (0) or the last (2) third of the run."""
        size = max(1, len(self.rows) // 3)
        part = self.rows[:size] if third == 0 else self.rows[-size:]
        return sorted(row[name] for row in part)[len(part) // 2]


def descriptors():
    """What this process has open: sockets, and everything else."""
    found = {"sockets": 0, "files": 0}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue  # the one that lists them
        found["sockets" if target.startswith("socket:") else "files"] += 1
    return found


def resident():
    """The memory this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)
