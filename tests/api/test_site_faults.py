"""The stand-in's faults of the API, each met by the client: a named error within the deadline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.local import LocalCoCalc

STUDENTS = 30
CONTENT: dict[str, dict[str, str]] = {"Source": {"a.md": "# A\n"}}
CONTENT.update({f"Student {n:02}": {} for n in range(STUDENTS)})
FAULTS: dict[str, type[errors.CoCalcError]] = {
    "error-500": errors.ServerError,
    "reset": errors.APIConnectionError,
    "lost-reply": errors.APIConnectionError,
    "timeout": errors.APITimeoutError,
    "slow-loris": errors.APITimeoutError,
    "wrong-length": errors.APIConnectionError,
    "wrong-json": errors.ServerError,
    "html-page": errors.ServerError,
    "redirect": errors.ServerError,
    "rate-limit": errors.RateLimitError,
}


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(content=CONTENT, queue=True, generation="A") as running:
        yield running


def client(site: LocalCoCalc, **options: Any) -> Client:
    options = {"api": "v1", "retries": 0, "timeout": 1.0, **options}
    return Client(site.api_key, host=site.url, verify=site.ca_file, **options)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_a_named_error(site: LocalCoCalc, name: str) -> None:
    site.fault(name)
    try:
        began = time.monotonic()
        with pytest.raises(errors.CoCalcError) as caught:
            client(site).ping()
        assert time.monotonic() - began < 3
    finally:
        site.fault(name, False)
    assert type(caught.value) is FAULTS[name]
    assert site.api_key not in str(caught.value)
    assert client(site, timeout=5.0).ping().now is not None


def test_a_class_with_failures(site: LocalCoCalc) -> None:
    """Every target ends in `done` or a named error, and none is copied twice."""
    subject = client(site, retries=2, timeout=2.0)
    students = [p for title, p in site.projects.items() if title != "Source"]
    faults = ("error-500", "reset", "timeout", "lost-reply")
    for name in faults:
        site.fault(name, 0.05)
    try:
        batch = subject.copy(f"{site.projects['Source']}:a.md", students)
    finally:
        for name in faults:
            site.fault(name, False)
    assert all(job.done or job.error is not None for job in batch), batch
    batch.retry()
    assert batch.done, batch
    made = Counter(job.target.project for job in subject.copies(src="Source"))
    assert made == dict.fromkeys(students, 1)


@pytest.mark.parametrize("fault", ["reset", "lost-reply"])
def test_copied_changed_and_copied_again(site: LocalCoCalc, fault: str) -> None:
    """`done` means this version: the job of the first copy is not taken for the lost one."""
    subject = client(site, timeout=3.0)
    source, target = site.projects["Source"], site.projects["Student 00"]
    name = f"{fault}.md"
    subject.write_text(source, name, "old")
    subject.copy(f"{source}:{name}", target)
    subject.write_text(source, name, "new!")
    plain = subject._connection.dialect.send_copy

    def send(*args: Any, **options: Any) -> str:
        site.fault(fault)
        try:
            return plain(*args, **options)
        finally:
            site.fault(fault, False)

    subject._connection.dialect.send_copy = send  # type: ignore[method-assign]
    if fault == "lost-reply":
        batch = subject.copy(f"{source}:{name}", target)
        assert "found again" in batch[0].note
    else:
        with pytest.raises(errors.APIConnectionError):
            subject.copy(f"{source}:{name}", target)
        assert subject.last_copy is not None
        batch = subject.last_copy
        assert batch[0].state == "unknown"
        assert subject.read_text(target, name) == "old"
        subject._connection.dialect.send_copy = plain  # type: ignore[method-assign]
        batch.retry()
    assert batch.done
    assert subject.read_text(target, name) == "new!"
