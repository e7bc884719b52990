"""Owns which path goes to which handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tornado.web import Application, StaticFileHandler

from .conat.bridge import ConatHandler
from .http import Handler
from .pages.app import (
    PAGE,
    AppHandler,
    BlobHandler,
    CustomizeHandler,
    ImpersonateHandler,
    PageHandler,
    RawHandler,
    SignInHandler,
)
from .pages.page_api import PageRequestHandler, SocketHandler
from .v1.handler import V1Handler
from .v2.handler import V2Handler

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

    from .state.site_state import SiteState

_ASKED = "token|once|project|opened|file|folder|rendered|start"


class NotFoundHandler(Handler):
    """A page that says that there is nothing, in the words of the web server."""

    def prepare(self) -> None:
        """For all methods."""
        self.page(404, "", "404 Page Not Found")


class BadGatewayHandler(Handler):
    """What a reverse proxy says for a server that it cannot reach."""

    def prepare(self) -> None:
        """For all methods."""
        self.set_status(502)
        self.set_header("Content-Type", "text/html")
        title = "502 Bad Gateway"
        self.finish(
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
            f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
            "</body>\r\n</html>\r\n"
        )


class Site(Application):
    """The routes of one site, or the proxy's page in the place of them all."""

    def __init__(self, site: SiteState, routes: list[Any]) -> None:
        super().__init__(
            routes,
            default_handler_class=NotFoundHandler,
            default_handler_args={"site": site},
            log_function=lambda _handler: None,
        )
        self._site = site

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """The handler of a request."""
        if "bad-gateway" in self._site.faults.on:
            return self.get_handler_delegate(request, BadGatewayHandler, {"site": self._site})
        return super().find_handler(request, **kwargs)


class PageFileHandler(StaticFileHandler):
    """The kiosk page's own scripts and styles."""

    def set_extra_headers(self, path: str) -> None:
        """Ask again each time: the next site at this port may be another version."""
        self.set_header("Cache-Control", "no-cache")
        if path.endswith((".html", ".js")):
            # for the frame of an opaque origin that the forged faults make
            self.set_header("Access-Control-Allow-Origin", "*")


def make_application(site: SiteState) -> Application:
    """The whole site; which APIs it has depends on its generation."""
    with_site = {"site": site}
    routes: list[tuple[str, Any, dict[str, Any]]] = [
        (r"/api/v2/(.*)", V2Handler, with_site),
        (r"/customize", CustomizeHandler, with_site),
        (r"/(?:app|settings|projects(?:/.*)?)", AppHandler, with_site),
        (r"/auth/sign-in", SignInHandler, with_site),
        (r"/static/(app|embed)\.html", PageHandler, with_site),
        (r"/local/page/([a-z]+\.[a-z]+)", PageFileHandler, {"path": PAGE}),
        (r"/local/socket", SocketHandler, with_site),
        (rf"/local/({_ASKED})", PageRequestHandler, with_site),
        (r"/blobs/(.+)", BlobHandler, with_site),
        (r"/local/raw/([0-9a-f-]{36})/(.+)", RawHandler, with_site),
    ]
    if site.options.generation == "A":
        routes.insert(0, (r"/api/v1(/.*)?", V1Handler, with_site))
    else:
        routes.insert(0, (r"/api/conat/(hub|project)", ConatHandler, with_site))
        routes.append((r"/auth/impersonate", ImpersonateHandler, with_site))
    return Site(site, routes)
