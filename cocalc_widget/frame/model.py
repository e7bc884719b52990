"""Owns the widget's traits: what is synced with the page, and what only the kernel knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from ..address import check_path
from . import bundle, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .outbox import Document


class Model(anywidget.AnyWidget):
    """The state of a CoCalc widget; `CoCalc` adds what one can do with it."""

    locals().update(bundle.attributes())  # _esm, _css

    # synced: written into notebooks that save their widgets, so never anything secret
    project_id = t.Unicode(None, allow_none=True).tag(sync=True)
    path = t.Unicode(None, allow_none=True).tag(sync=True)
    host = t.Unicode(read_only=True).tag(sync=True)
    target = t.Unicode("inline", read_only=True).tag(sync=True)
    height = t.Unicode("600px").tag(sync=True)
    sandbox = t.Unicode("", read_only=True).tag(sync=True)

    # told by the page, kept in the kernel only
    ready = t.Bool(default_value=False, read_only=True)
    channel = t.Unicode("booting", read_only=True)
    reason = t.Unicode("", read_only=True)
    connection = t.Dict(read_only=True)
    open_files = t.Dict(read_only=True)
    last_reply = t.Dict(read_only=True)
    busy = t.Bool(default_value=False, read_only=True)

    _client: Any = None

    def post(self, content: Mapping[str, Any]) -> None:
        """Send a message to the page (for the session; not for users)."""
        if self.comm is not None:
            self.send(dict(content))

    def show(self, values: Mapping[str, Any]) -> None:
        """Set read-only traits (for the session; not for users)."""
        for name, value in values.items():
            self.set_trait(name, value)

    def home(self) -> Document | None:
        """The project and path of the widget's document, None if it has none."""
        return (self.project_id, self.path) if self.project_id and self.path else None

    @t.validate("project_id", "path", "height")
    def _check(self, proposal: t.Bunch) -> str | None:
        value = proposal["value"]
        if proposal["trait"].name == "height":
            return options.check_height(value)
        if not value:
            return None
        if proposal["trait"].name == "path":
            return check_path(value)
        return options.find_project(value, self._client)
