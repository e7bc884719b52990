"""Owns a widget with its page, its client and a clock in hand."""

import threading

from framepage import P1, Page, eventually

from cocalc_widget import errors

MINE = {"quality": "good", "status": "connected"}
LOST = {"quality": "good", "status": "disconnected"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Standing:
    def __init__(self, project="usable", path="file"):
        self.project, self.path = project, path


class Client:
    """Knows what it is told; `asked` and `started` tell what it was asked for."""

    host, generation, account_id = "https://cocalc.test", "B", "me"

    def __init__(self, *standings, settings=None, generation="B"):
        self.answers, self.settings = list(standings) or [Standing()], settings or {}
        self.generation = generation
        self.asked, self.started, self.down = [], [], None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.entries, self.requests = [], []
        self.takes = True

    def customize(self):
        return self.settings

    def framing(self):
        if self.down is not None:
            raise self.down
        return

    def standing(self, project_id, path, *, timeout, usable):
        self.may_answer.wait(10)
        self.asked.append((project_id, path, usable))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def standings(self, project_id, paths, **told):
        self.requests.append(list(paths))
        return [self.standing(project_id, path, **told) for path in paths]

    def start_project(self, project_id):
        self.started.append(project_id)

    def log(self, project_id):
        return list(self.entries)

    def takes_token(self, token):
        if self.takes is None:
            raise errors.APIConnectionError("no way there")
        return self.takes


class Scene:
    """A widget, its page, and a clock in hand."""

    def __init__(self, make, *, generation="B", page="https://jupyter.cocalc.test", **options):
        self.clock = Clock()
        self.widget = make(P1, **options)
        self.here = self.widget._session
        self.here.context.clock = self.here.ledger._clock = self.clock
        self.here.context.greeting.facts.generation = generation
        self.here.context.greeting.facts.look = self._look
        self.looks, self.down = 0, ""
        self.page = Page(self.widget)
        self.widget._repr_mimebundle_()
        eventually(lambda: self.here.context.greeting.facts.known)
        self.page.hello(page)
        eventually(lambda: self.page.heard("welcome"))
        self.state()

    def _look(self, then):
        self.looks += 1
        then(self.down)

    def state(self, **changes):
        self.page.send("state", **{"connection": MINE, "open_files": {}, **changes})

    def open(self, path="a.md", project_id=P1):
        """Open it, and let the moment be over."""
        command = self.widget.open(path, project_id=project_id)
        self.here.postbox.flush()
        return command

    def done(self, path="a.md", project_id=P1, **changes):
        self.page.finish("result.done", **changes)

    def wait(self, seconds):
        """Let the clock go on, in steps as the alarm would."""
        for _ in range(int(seconds * 2)):
            self.clock.now += 0.5
            self.here.background.tick()

    def listing(self, files):
        """The page's answer to the status that was asked for last."""
        self.page.send(
            "result.status",
            seq=self.page.commands[-1]["seq"],
            reply={"status": "done", "connection": MINE, "open_files": files},
        )


def end(command):
    assert command.done(), command
    return command.exception() or command.result()


def steered(scene, **options):
    s = scene(channel="navigation", **options)
    s.state(channel="navigation", ready=False, connection={})
    return s
