"""Owns the cells that every kernel and front end of the matrix runs."""

from stage.labs import SHOW

# Never sent, so never answered: what a wait without an end would be.
FOREVER = "forever = w._session.ledger.add('status')\n"

TIMED = """
import asyncio, json, time
def taken(call, times=15):
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        assert call().action == "status"
        found.append(time.perf_counter() - begun)
    return found
"""
BLOCK = "print(json.dumps(taken(lambda: w.status().result(timeout=20))))"
AWAIT = """
found = []
for _ in range(15):
    begun = time.perf_counter()
    assert (await w.status()).action == "status"
    found.append(time.perf_counter() - begun)
print(json.dumps(found))
"""
GATHER = """
begun = time.perf_counter()
replies = await asyncio.gather(*[w.open(f"{PREFIX}-{n}.md") for n in range(10)])
spent = time.perf_counter() - begun
assert all(reply.verified for reply in replies), replies
assert set(w.open_files[lesson]) >= {f"{PREFIX}-{n}.md" for n in range(10)}, w.open_files
print(json.dumps(spent))
"""
# Cold: every cell says its number; results are asked for right after the display, a cell in the
# middle awaits, and what is printed while waiting belongs to the cell that waits.
RUN_ALL = [
    SHOW + "order = [0]\nprint('0')",
    "print('1')\nreply = w.status().result(timeout=40)\nprint(reply.action)\norder.append(1)",
    "print('2')\nr = w.open('lesson.md').result(timeout=40)\nprint(r.verified)\norder.append(2)",
    "print('3')\norder.append(3)",
    "print('4')\nawaited = await w.status()\nprint(awaited.open_files[lesson])\norder.append(4)",
    "print('5')\norder.append(5)",
    "print('6')\nagain = w.status().result(timeout=20)\nprint(again.action)\norder.append(6)",
    "print('7')\norder.append(7)",
    "print(order)",
]
RAN_ALL = [
    "0", "1\nstatus", "2\nTrue", "3", "4\n['lesson.md']", "5", "6\nstatus", "7",
    "[0, 1, 2, 3, 4, 5, 6, 7]",
]  # fmt: skip


def gather(prefix):
    """The cell that opens ten files at once; what they are called, so that kernels don't share."""
    return GATHER.replace("{PREFIX}", prefix)
