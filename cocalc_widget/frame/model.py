"""Owns the widget's traits: what is synced with the page, and what only the kernel knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from ..address import check_path
from . import bundle, options
from .messages.events import Event, Listeners

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .messages.outbox import Document
    from .session.session import Session


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
    early = t.Dict(read_only=True).tag(sync=True)  # the likely welcome (`outbox.early`)

    # told by the page, kept in the kernel only
    ready = t.Bool(default_value=False, read_only=True)
    channel = t.Unicode("booting", read_only=True)
    reason = t.Unicode("", read_only=True)
    connection = t.Dict(read_only=True)
    open_files = t.Dict(read_only=True)
    last_reply = t.Dict(read_only=True)
    last_event = t.Instance(Event, allow_none=True, read_only=True)
    busy = t.Bool(default_value=False, read_only=True)

    _client: Any = None
    _session: Session | None = None
    _listeners: Listeners

    def send_state(self, key: Any = None) -> None:
        """Sync traits with the page: together with whatever else is said in the same moment."""
        session = self._session
        if key is None or session is None or session.closed:
            super().send_state(key)
        else:
            session.postbox.put_traits({key} if isinstance(key, str) else set(key))

    def deliver(self, content: dict[str, Any]) -> None:
        """Send a message to the page (for the session; not for users)."""
        if self.comm is not None:
            self.send(content)

    def deliver_traits(self, names: set[str]) -> None:
        """Send traits to the page (for the session; not for users)."""
        super().send_state(names)

    def tell(self, event: Event) -> None:
        """Pass an event on (for the session; not for users)."""
        self.set_trait("last_event", event)
        self._listeners.tell(event)

    def on_event(self, callback: Callable[[Event], object], remove: bool = False) -> None:  # noqa: FBT001, FBT002 - ipywidgets' form (`on_msg`)
        """Call `callback(event)` for whatever CoCalc tells about the frame's own activity.

        A file opened, a file rendered, ... whoever caused it, in every channel
        that has a frame; see `Event`. It runs on the thread that hears the page.

        Args:
            callback: takes an `Event`.
            remove: take it away again.
        """
        self._listeners.change(callback, remove=remove)

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
