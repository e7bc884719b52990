"""Owns stand-ins of both generations under an address of their own, and who is signed in there."""

from __future__ import annotations

import contextlib
import dataclasses

from cocalc_widget.local import LocalCoCalc

COCALC, LISTED, UNLISTED, ELSEWHERE = (
    "cocalc.hub.test", "hub.test", "other.hub.test", "else.where.test"
)  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"
TEXT = "A heading to be seen"
FILES = {
    "a.md": f"# {TEXT}\n",
    "b.md": "# Another one\n",
    "fig.png": b"\x89PNG\r\n\x1a\n",
    "paper.tex": f"\\section{{{TEXT}}}\n",
    "data.xyz123": f"{TEXT}\n",
    "folder/inside.md": "# Inside\n",
}


@contextlib.contextmanager
def running(generation, **options):
    """A stand-in with a project that runs, one that is stopped, and somebody else's."""
    settings = {
        "allowed_hosts": (LISTED, ELSEWHERE),
        "admin": True,
        "content": {"Mine": FILES, "Stopped": FILES},
        "signed_out_seconds": 2,
        "hollow_seconds": 3,
        "start_seconds": 0.5,
    }
    with LocalCoCalc(generation=generation, **{**settings, **options}) as site:
        site.generation = generation
        account_id, _key = site.create_account("Str", "Anger", "stranger@example.org")
        site.strange = site.core.projects.create(account_id, "Strange", running=True)
        site.core.projects.fill(site.strange, FILES)
        yield site


def mint(site, client):
    """An auth token of the site, which the browser knows under another name."""
    token = client.create_token(site.account_id, site.password)
    return dataclasses.replace(token, host=f"https://{COCALC}")


class Stranger:
    """Nobody's client at the address where the browser finds CoCalc."""

    def __init__(self, client):
        self._client = client

    @property
    def generation(self):
        return self._client.generation

    def customize(self):
        return self._client.customize()

    def framing(self):
        return self._client.framing()


def sign_in(stage, token):
    """As a user does who signs in to CoCalc in a tab of its own."""
    page = stage.page.context.new_page()
    page.goto(token.url())
    page.wait_for_load_state("networkidle")
    page.close()
