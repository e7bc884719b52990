"""Stands for a kernel: one process that copies to a class, and may be killed at any moment.

A new one knows nothing of the one before: it asks the server which copies there are, and makes
those that are missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from cocalc_widget import Client, errors


def patiently(call: Callable[[], Any], most: int = 50) -> Any:
    """What a user does where the network is bad: the same again."""
    for _ in range(most):
        try:
            return call()
        except (errors.APIConnectionError, errors.ServerError) as error:
            last = error
    raise last


def main(told: dict[str, Any]) -> dict[str, int]:
    client = Client(
        told["key"], host=told["url"], verify=told["ca_file"], api="v1", timeout=told["timeout"]
    )
    known = {job.target.project for job in patiently(lambda: client.copies(src=told["src"]))}
    missing = [target for target in told["targets"] if target not in known]
    if not missing:
        return {"known": len(known), "sent": 0}
    batch = client.copy(told["src"], missing, wait=False, concurrency=4)
    patiently(batch.wait)
    while not batch.done:
        patiently(batch.retry)
    return {"known": len(known), "sent": len(missing)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
