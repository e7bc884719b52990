"""Owns a switch for Jupyter Server: what a kernel says reaches the page at once.

A server extension, which nobody gets unasked:

    jupyter server extension enable cocalc_widget.nodelay

Jupyter Server leaves Nagle's algorithm on for the sockets to its pages. A small
message then waits until the page's machine has acknowledged the one before,
which that puts off for some 40 ms while it has nothing to send itself. To a
message of a widget this always happens: the kernel's "busy" goes before it.
"""

from __future__ import annotations

from typing import Any

_CHANNELS = r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
    from jupyter_server.utils import url_path_join

    class AtOnce(KernelWebsocketHandler):  # in every way the server's own, but for this
        async def open(self, kernel_id: str) -> None:
            self.set_nodelay(True)
            await super().open(kernel_id)  # type: ignore[no-untyped-call]

    # handlers that come later are asked first
    path = url_path_join(server.web_app.settings["base_url"], _CHANNELS)
    server.web_app.add_handlers(".*$", [(path, AtOnce)])
