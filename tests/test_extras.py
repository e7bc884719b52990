"""What lacks the packages of an extra names the line that installs them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from cocalc_widget import demo, extras
from cocalc_widget.errors import ConfigurationError

ROOT = Path(__file__).parents[1]
PREAMBLE = """
import importlib.util, sys
found = importlib.util.find_spec
class Without:
    def find_spec(self, name, *_):
        if name.partition('.')[0] in {missing}: raise ModuleNotFoundError(name, name=name)
importlib.util.find_spec = lambda name, *_: None if name in {missing} else found(name, *_)
sys.meta_path.insert(0, Without())
"""


def run(code: str, *missing: str) -> str:
    text = PREAMBLE.format(missing=set(missing)) + code
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    "code", ["from cocalc_widget import LocalCoCalc", "from cocalc_widget.local import LocalCoCalc"]
)
def test_the_stand_in_without_its_packages(code: str) -> None:
    assert run(code, "trustme", "tornado") == (
        "cocalc_widget.errors.ConfigurationError: LocalCoCalc needs packages that are not "
        "installed: tornado, trustme. Run this in a terminal: pip install "
        '"cocalc-widget[local]"'
    )


def test_the_demo_without_its_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    for argv, extra, name in (
        (["demo"], "demo", "jupyterlab"),
        (["demo", "--check"], "check", "playwright"),
        (["demo"], "demo", "tornado"),
    ):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda it, name=name: None if it == name else found(it)
        )
        assert demo.main(argv) == 1
        told = capsys.readouterr().err
        assert f"not installed: {name}. Run this in a terminal: pip install " in told
        assert f'"cocalc-widget[{extra}]"' in told


def test_the_extras_are_those_of_the_package_and_the_readme_names_them() -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    readme = (ROOT / "README.md").read_text("utf-8")
    for extra, modules in extras.MODULES.items():
        assert extra in project["optional-dependencies"]
        assert f'"cocalc-widget[{extra}]"' in readme
        extras.need(extra, "this")  # all there, in a checkout
        told = " ".join(project["optional-dependencies"][extra]).replace("-it-py", "_it")
        own = set(modules) - set(extras.MODULES["local" if extra == "demo" else "demo"])
        assert all(name in told for name in (own if extra != "local" else modules))


def test_a_package_that_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.MODULES, "none", ("no_such_module",))
    with pytest.raises(ConfigurationError, match="this needs packages"):
        extras.need("none", "this")
