"""Puts a stand-in into the situation that a recording was made in, and sends its request again."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import Any

import requests
from jupyter_client.kernelspec import KernelSpecManager

from cocalc_widget import LocalCoCalc

FILES = {
    "A/doc.txt": "hello\nwörld ✓\n",
    "A/form.txt": "a=b&c d",
    "A/id.txt": "x",
    "v2/a.txt": "hi",
    "top.txt": "t",
}
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
_UNKNOWN_JOB = re.compile(r"unknown|nope|missing")
# what had been begun, by the names of recordings; the first that fits
_BEGUN = {
    "get.completed": "for i in 1 2 3; do echo $i; done; exit 3",
    "done": "echo done",
    "await": "echo done",
    r"^async\.get\.running": "echo 1; echo 2; sleep 1",
    "": "sleep 1",
}
# who was called by another name then
_SEARCHED = {
    "users.search.name": ("teacher test", "owner one"),
    "v2.accounts.search": ("teacher", "owner"),
    "v1.user_search": ('"user"', '"owner"'),
}
_WRONG = re.compile(r"wrong_(legacy_|new_)?key|garbage|bearer_wrong")


class Stage:
    """A site whose accounts and projects have the ids of the recordings."""

    def __init__(self, site: LocalCoCalc, offset: int) -> None:
        self.site, self.core = site, site.core
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = site.ca_file
        self.accounts = [
            self._account(offset + 1, "Owner", "One", "owner@example.com", "PW_PLACEHOLDER"),
            self._account(offset + 2, "Stu", "Dent", "student@example.com", "PW2_PLACEHOLDER"),
        ]
        self.owner, self.student = self.accounts
        self.owner_key = self.core.accounts.new_key(self.owner)[1]
        self.student_key = self.core.accounts.new_key(self.student)[1]
        titles = [("Source", "source project"), ("Target", "target project"), ("Started", "")]
        self.projects = [self._project(offset + n + 1, *t) for n, t in enumerate(titles)]
        self.core.projects.fill(self.projects[0], FILES)
        self.core.projects.fill(self.projects[1], {"top.txt": "t"})
        self.project_key = self.core.accounts.new_key(self.owner, project_id=self.projects[0])[1]
        self.token = self.gone = ""

    def _account(self, number: int, first: str, last: str, email: str, password: str) -> str:
        made = self.core.accounts.create(first, last, email, password, admin=number > 10)
        wanted = f"bbbbbbbb-0000-4000-8000-{number:012d}"
        sql = "UPDATE accounts SET account_id = ? WHERE account_id = ?"
        self.site.store.run(sql, wanted, made)
        return wanted

    def _project(self, number: int, title: str, description: str) -> str:
        wanted = f"aaaaaaaa-0000-4000-8000-{number:012d}"
        return self.add_project(wanted, self.owner, title, description)

    def add_project(self, wanted: str, owner: str, title: str, description: str = "") -> str:
        """One more project, with this id."""
        made = self.core.projects.create(owner, title, description)
        for table in ("projects", "collaborators"):
            sql = f"UPDATE {table} SET project_id = ? WHERE project_id = ?"
            self.site.store.run(sql, wanted, made)
        self.core.projects.root(made).rename(self.core.projects.root(wanted))
        return wanted

    def put_copy(self, row: dict[str, Any]) -> None:
        """Enter a copy as the recorded answer shows it."""
        times = {k: _seconds(row.get(k)) for k in ("time", "started", "finished", "scheduled")}
        rest = {k: row.get(k) for k in ("overwrite_newer", "delete_missing", "backup", "error")}
        names = ("copy_path_id", "source_project_id", "source_path")
        places = {k: row[k] for k in (*names, "target_project_id", "target_path")}
        self.site.store.insert("copies", **places, **rest, **times)

    def prepare(self, recording: dict[str, Any]) -> None:
        """What had happened before this recording was made."""
        name, body = recording["name"], recording["request"].get("body")
        self.core.accounts._bans.clear()
        self.site.store.run("DELETE FROM copies")
        self.core.queue.paused = not name.startswith("kucalc.copy.")
        answer = recording["response"].get("body")
        data = answer.get("data") if isinstance(answer, dict) else None
        rows = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
        for row in reversed(rows):
            self.put_copy(row)
        place = {"source_project_id": self.projects[0], "source_path": "A", "target_path": "A"}
        place["target_project_id"] = self.projects[1]
        if "limit1" in name:  # the second of two
            self.put_copy(
                {**place, "copy_path_id": "9" * 8, "started": 1, "finished": 2, "time": 9}
            )
        if name == "copy_delete.finished(row)":
            self.put_copy({**place, **body, "time": 1, "started": 1, "finished": 2})
        if name == "kucalc.copy_path_delete.scheduled":
            self.put_copy({**place, **body, "time": 1, "scheduled": "2030-01-01T00:00:00Z"})
        if name == "user_auth.right_password_after_wrong":
            self.core.accounts.ban(self.owner, self.student)
        there = self.core.accounts.by_email("v2u1795432343@example.com")
        if name.startswith(("sign_in.", "sign_up.same", "sign_up.duplicate")) and not there:
            fields = ("V", "Two", "v2u1795432343@example.com", "PW3_PLACEHOLDER")
            self.core.accounts.create(*fields)
        if name in ("hub.createToken", "hub.org.create"):
            self.site.store.run("DELETE FROM orgs WHERE name = 'uni'")
        if name.startswith("v1.copy.large"):  # what had been copied when it was looked at
            made = 40 if "large.wait" in name else 28
            where = "big-wait" if "large.wait" in name else "big-nowait"
            content = {f"{where}/{n}": "x" for n in range(made)}
            self.core.projects.fill(self.projects[1], content)
        if name.startswith("v1.copy."):
            self.core.projects.fill(self.projects[0], {"one.txt": "1"})
            self.core.projects.fill(self.projects[1], {"wall": "in the way"})
        self._prepare_queries(name)
        self._prepare_people(name)
        self._prepare_code(name)
        in_org = name == "hub.createToken"
        if in_org:
            self.core.organizations.create("uni")
            self.core.organizations.add_admin("uni", self.owner)
        self.site.store.run(
            "UPDATE accounts SET org = ? WHERE account_id = ?",
            "uni" if in_org else None,
            self.student,
        )
        self.token = self.core.accounts.new_token(self.student)
        if name in ("impersonate.expired", "impersonate.bad"):
            self.core.accounts.expire_token(self.token)

    def _prepare_queries(self, name: str) -> None:
        if name.startswith(("log.", "v1.query.log")):
            log = self.core.project_log
            for _ in range(2):
                entry = log.opened(self.projects[0], self.owner, "a.md")
                if name.startswith("log."):
                    log.rendered(entry, 845)
        if re.fullmatch(r"project\.(state|status|fields)|v1\.query\.project\.fields", name):
            self.core.projects.change(self.projects[0], running=1)
        if name.startswith("v1.query.projects_all"):
            self.core.projects.touch(self.projects[0])  # the first of them is none that is deleted
        self.gone = ""
        if re.fullmatch(r"project\.delete(d\.\w+)?|v1\.query\.delete", name):
            self.gone = self.core.projects.create(self.owner, "Throwaway")
            self.core.projects.change(self.gone, deleted=int("deleted" in name))

    def _prepare_people(self, name: str) -> None:
        # somebody who is in no project of the owner's, unless the recording has let them in
        if name.startswith(("collab.", "v1.add_collaborator", "v1.invite_collaborator", "v2.proj")):
            inside = name.startswith(("collab.remove", "v2.projects.collaborators"))
            for other in self.accounts[1:]:
                self.core.projects.remove(self.projects[0], other)
                if inside:
                    self.core.projects.add(self.projects[0], other)

    def _prepare_code(self, name: str) -> None:
        old = self.core.options.generation == "A"
        # the recorded server of generation A had no kernels at all
        if old:
            none = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=False)
            self.core.kernels.find = lambda _root: none
        if re.match(r"(exec|async|run|hub\.run|v2\.exec|v2\.jup)\.", name):
            self.core.projects.change(self.projects[0], running=1)
        files = {"a.md": "# A\n", "blob.bin": bytes(range(256)), "new1/x.txt": "x"}
        if name.startswith(("listing.", "read.", "move")):
            self.core.projects.fill(self.projects[0], files)

    def send(self, recording: dict[str, Any], timeout: float = 20) -> requests.Response:
        """The recorded request, with this site's keys."""
        name, request = recording["name"], recording["request"]
        headers, auth = {}, None
        key = self._key(name)
        if request["auth"] in ("basic key", "basic blank"):
            auth = ("" if request["auth"] == "basic blank" else key, "")
        elif request["auth"] == "bearer":
            headers["Authorization"] = f"Bearer {key}"
        elif request["auth"].startswith("raw "):
            headers["Authorization"] = request["auth"][4:]
        elif request["auth"] == "cookie remember_me":
            headers["Cookie"] = f"remember_me={self.core.accounts.new_session(self.owner)}"
        body = self._body(name, request.get("body"))
        kind = request.get("content_type")
        if kind:
            headers["Content-Type"] = kind
        if kind == "application/json" and not isinstance(body, str):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else None
        url = self.site.url + request["path"].replace("TOKEN24PLACEHOLDER000000", self.token)
        self.session.cookies.clear()
        return self.session.request(
            request["method"],
            url,
            data=data,
            headers=headers,
            auth=auth,
            timeout=timeout,
            allow_redirects=False,
        )

    def _key(self, name: str) -> str:
        if _WRONG.search(name):
            if "garbage" in name:
                return "garbage"
            far = "legacy" in name or name == "ping.bearer_wrong"
            return "sk_1234567890zzzzzz" if far else "sk-1234567890123456000001"
        if "project_key." in name and "api-keys" not in name:
            return self.project_key
        return (
            self.student_key if "not_collaborator" in name or "stranger" in name else self.owner_key
        )

    def _body(self, name: str, body: Any) -> Any:
        if isinstance(body, str) and body.startswith("<"):
            size = int(re.search(r"of (\d+) x", body)[1])  # type: ignore[index]
            fields = {"project_id": self.projects[0], "path": "big.txt", "content": "x" * size}
            if body.endswith("json>"):
                return fields
            return "&".join(f"{k}={v}" for k, v in fields.items())
        inner = body["args"][0] if isinstance(body, dict) and body.get("args") else body
        if isinstance(inner, dict) and "async_get" in inner and not _UNKNOWN_JOB.search(name):
            job = self._background(name)
            inner = {**inner, "async_get": job}
            return {**body, "args": [inner]} if "args" in body else inner
        if name == "async.kill":
            return {**body, "args": [{**inner, "pid": self._background_pid()}]}
        if self.gone:
            made_up = re.compile(r"(?<=\"project_id\": \")[0-9a-f-]{36}")
            return json.loads(made_up.sub(self.gone, json.dumps(body)))
        if name in _SEARCHED:
            return json.loads(json.dumps(body).replace(*_SEARCHED[name]))
        if "stranger@example.test" in str(body):
            return json.loads(
                json.dumps(body).replace("stranger@example.test", "student@example.com")
            )
        if name == "run.too_long":  # the server's deadline, and not so long a wait
            return {**body, "timeout": 4000}
        if name in ("api-keys.edit", "api-keys.delete"):
            return {**body, "id": self.core.accounts.new_key(self.owner)[0]}
        return body

    def _background_pid(self) -> int:
        job = self.core.background.get(self._background("killed"))
        assert job is not None
        assert job.progress.pid is not None
        return job.progress.pid

    def _background(self, name: str) -> str:
        """A command that was begun, and is as far as it was in the recording of this name."""
        line = next((line for words, line in _BEGUN.items() if re.search(words, name)))
        body = {"project_id": self.projects[0], "command": line}
        url = f"{self.site.url}/api/v2/exec"
        more = {"bash": True, "async_call": True}
        auth = (self.owner_key, "")
        answer = self.session.post(url, json={**body, **more}, auth=auth, timeout=10).json()
        job = self.core.background.get(answer["job_id"])
        assert job is not None
        deadline = time.monotonic() + 5
        while not (
            job.ended or ("sleep 1" in line and line.count("echo") <= len(job.progress.stdout))
        ):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return str(job.job_id)


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    return value
