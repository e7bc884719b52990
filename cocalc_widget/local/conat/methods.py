"""Owns what a method of the conat bridge is, and how it gets into a table of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..services.failures import ServiceError
from ..state.accounts import Caller
from ..state.site_state import SiteState

Options = Any
Method = Callable[[SiteState, Caller, Options], Awaitable[Any]]
ProjectMethod = Callable[[SiteState, str, Options], Awaitable[Any]]
AnyMethod = TypeVar("AnyMethod", bound="Method | ProjectMethod")
BAD_UUID = "invalid account_id or project_id -- all must be valid uuid's"


def method(name: str, table: dict[str, AnyMethod]) -> Callable[[AnyMethod], AnyMethod]:
    """Enter a function into a table."""

    def enter(function: AnyMethod) -> AnyMethod:
        table[name] = function
        return function

    return enter


@contextmanager
def thrown() -> Iterator[None]:
    """What fails inside is told as the text of an exception, thus with its type before it."""
    try:
        yield
    except ServiceError as error:
        raise ServiceError(f"{error.kind}: {error.error}") from None
