"""The switch for Jupyter Server: its own handler, and a socket that sends at once."""

import asyncio

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application

from cocalc_widget import nodelay

KERNEL = "/user/me/api/kernels/5c9e8618-594c-424b-8dfc-aee5a955f503"


class Server:
    """As much of a ServerApp as an extension sees."""

    def __init__(self):
        handlers = [(r"/user/me/api/kernels/(.*)/channels", KernelWebsocketHandler)]
        self.web_app = Application(handlers, base_url="/user/me/")

    def handler(self, path):
        line, headers = RequestStartLine("GET", path, "HTTP/1.1"), HTTPHeaders(Host="hub.test")
        request = HTTPServerRequest(start_line=line, headers=headers)
        request.connection = object()
        return self.web_app.find_handler(request).handler_class


def test_a_kernels_socket_sends_at_once_and_is_else_the_servers_own(monkeypatch):
    server, did = Server(), []
    assert server.handler(f"{KERNEL}/channels") is KernelWebsocketHandler
    nodelay._load_jupyter_server_extension(server)
    handler = server.handler(f"{KERNEL}/channels")
    assert issubclass(handler, KernelWebsocketHandler)
    assert handler is not KernelWebsocketHandler

    async def opened(_self, kernel_id):
        did.append(("open", kernel_id))

    monkeypatch.setattr(KernelWebsocketHandler, "open", opened)
    monkeypatch.setattr(handler, "set_nodelay", lambda _self, value: did.append(("nodelay", value)))
    asyncio.run(handler.open(handler.__new__(handler), "the id"))
    assert did == [("nodelay", True), ("open", "the id")]


def test_jupyter_finds_it():
    assert nodelay._jupyter_server_extension_points() == [{"module": "cocalc_widget.nodelay"}]
