"""Owns a page made of Python: the other end of the wire, speaking only what wire.json has."""

import json
import threading
import time
from pathlib import Path

from comm.base_comm import BaseComm

WIRE = json.loads((Path(__file__).parents[1] / "fixtures" / "wire.json").read_text("utf-8"))
P1 = "aaaaaaaa-0000-4000-8000-000000000001"
P2 = "aaaaaaaa-0000-4000-8000-000000000002"
HOST = "https://cocalc.test"


class FakeComm(BaseComm):
    """Keeps what the kernel publishes."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.__dict__.setdefault("log", []).append((msg_type, json.loads(json.dumps(data))))

    @property
    def posts(self):
        """Custom messages as they came."""
        return [
            data["content"] for kind, data in self.log if data and data.get("method") == "custom"
        ]

    @property
    def customs(self):
        """Custom messages, those of one moment taken apart."""
        parts = (post.get("messages", [post]) for post in self.posts)
        return [message for part in parts for message in part]

    @property
    def text(self):
        return json.dumps([data for _kind, data in self.log])


class Page:
    """A page that shows one widget; `say` sends as it is, the rest sends wire messages."""

    def __init__(self, widget):
        self.widget = widget
        self.comm = widget.comm

    def say(self, content):
        data = {"method": "custom", "content": content}
        content = {"comm_id": self.comm.comm_id, "data": data}
        self.comm.handle_msg({"content": content, "buffers": []})

    def send(self, name, **changes):
        self.say({**WIRE["to_kernel"][name], **changes})

    def hello(self, page="https://jupyter.test"):
        self.send("hello", page=page)

    def shown(self, **changes):
        self.send("state", **{"open_files": {}, **changes})

    def heard(self, kind):
        if self.widget._session is not None:
            self.widget._session.postbox.flush()  # the moment is over
        return [message for message in self.comm.customs if message["type"] == kind]

    @property
    def welcome(self):
        return self.heard("welcome")[-1]

    @property
    def commands(self):
        return self.heard("command")

    def finish(self, name="result.status", **changes):
        """End the latest command."""
        seq = changes["seq"] if "seq" in changes else self.commands[-1]["seq"]
        self.send(name, **{**changes, "seq": seq})

    def opened(self, path, project_id=P1, line="line", **changes):
        """CoCalc tells that it has opened a file."""
        self.send("log.opened", **{"path": path, "project_id": project_id, "id": line, **changes})

    def rendered(self, line="line", **changes):
        """CoCalc tells that it has rendered a file."""
        self.send("log.rendered", **{"id": line, **changes})

    def say_line(self):
        """What the status line was told last."""
        told = self.heard("say")
        return (told[-1]["mood"], told[-1]["words"]) if told else ("", "")

    def show(self, path, project_id=P1, seq=None):
        """The latest open is done, and CoCalc tells that it has rendered the file."""
        line = f"line-{len(self.commands)}"
        self.opened(path, project_id, line)
        self.rendered(line, project_id=project_id)
        self.finish("result.done", seq=self.commands[-1]["seq"] if seq is None else seq)

    def later(self, name="result.status", **changes):
        """End the latest command from another thread, as a subshell does."""

        def run():
            time.sleep(0.05)
            self.finish(name, **changes)

        thread = threading.Thread(target=run)
        thread.start()
        return thread


def eventually(condition, seconds=20.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the condition never came true"
        time.sleep(0.01)
