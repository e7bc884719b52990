"""Owns the check of the wheel on other Pythons, with the oldest and the newest of what it needs.

The oldest Python gets the oldest supported packages, the newest Python the newest ones, and both
run the tests that need no browser; the Pythons between are shown to import and to work.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
TESTS = ("frame", "magics", "test_address.py", "test_config.py", "test_errors.py", "test_redact.py")
OF_THE_CHECKOUT = "tests/magics/test_magics_readme.py"
TOOLS = ("hypothesis", "ipykernel", "nbclient", "pytest", "pytest-timeout")
UV = (sys.executable, "-m", "uv")
SMOKE = """
from IPython.core.interactiveshell import InteractiveShell
from cocalc_widget import CoCalc, LocalCoCalc
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "cocalc_widget")
with LocalCoCalc() as site:
    import os
    os.environ |= {"COCALC_HOST": site.url, "COCALC_API_KEY": site.api_key,
                   "REQUESTS_CA_BUNDLE": str(site.ca_file)}
    batch = shell.run_line_magic("cocalc", "cp Lesson:lesson.md Student")
    assert batch.done, batch
    assert "lesson.md" in repr(CoCalc(site.projects["Lesson"], "lesson.md"))
"""


def main(dist: Path) -> None:
    """Check the one wheel in `dist` with every Python there is; raises on the first failure."""
    (wheel,) = dist.glob("*.whl")
    found = {version: python for version in PYTHONS if (python := find(version))}
    print(f"Pythons: {', '.join(found)}; not to be had: {', '.join({*PYTHONS} - {*found}) or '-'}")
    first, *between, last = found
    check(wheel, first, found[first], oldest(wheel), tests=True)
    for version in between:
        check(wheel, version, found[version], [], tests=False)
    check(wheel, last, found[last], [], tests=True)


def find(version: str) -> str | None:
    """An interpreter of this version: on the path, of pyenv, or one that uv can provide."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    paths = [*(str(it) for it in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True))]
    for path in [shutil.which(f"python{version}"), *paths]:
        if path and works(path):
            return path
    subprocess.run([*UV, "python", "install", "--quiet", version], check=False, timeout=300)
    told = subprocess.run(
        [*UV, "python", "find", version], capture_output=True, text=True, check=False, timeout=60
    )
    return told.stdout.strip() or None


def works(python: str) -> bool:
    """Whether this starts (a shim of pyenv may not) and can make environments."""
    told = subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False)
    return told.returncode == 0


def oldest(wheel: Path) -> list[str]:
    """Pins for the oldest release of everything the wheel and its stand-in need."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(it for it in packed.namelist() if it.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(packed.read(name).decode())
    pins = []
    for line in told.get_all("Requires-Dist", []):
        need, _, condition = line.partition(";")
        match = re.fullmatch(r"([\w.-]+)>=([\d.]+)", need.strip())
        if match and (not condition or "'local'" in condition):
            pins.append(f"{match[1]}=={match[2]}")
    assert len(pins) >= 8, pins
    return pins


def check(wheel: Path, version: str, python: str, pins: list[str], *, tests: bool) -> None:
    """Install the wheel for this Python, use it, and perhaps run its tests against it."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder, "venv")
        inside = str(where / "bin" / "python")
        subprocess.run([*UV, "venv", "--quiet", "--python", python, str(where)], check=True)
        wanted = [f"{wheel}[local]", *pins, *(TOOLS if tests else ())]
        install = [*UV, "pip", "install", "--quiet", "--python", inside]
        subprocess.run([*install, *wanted], check=True, timeout=600)
        print(f"Python {version}: {versions(inside)}", flush=True)
        env = {**os.environ, "COCALC_CONFIG_DIR": folder, "IPYTHONDIR": str(Path(folder, "ipy"))}
        subprocess.run([inside, "-c", SMOKE], check=True, timeout=120, cwd=folder, env=env)
        if not tests:
            return
        shutil.copytree(ROOT / "tests", Path(folder, "tests"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        chosen = [*(f"tests/{name}" for name in TESTS), f"--ignore={OF_THE_CHECKOUT}"]
        chosen += ["--ignore-glob=*_browser.py"]
        run = [inside, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen]
        subprocess.run(run, check=True, timeout=900, cwd=folder, env=env)


def versions(python: str) -> str:
    """What was installed of that which matters."""
    names = ("ipython", "ipywidgets", "anywidget", "requests", "traitlets", "tornado")
    code = f"from importlib.metadata import version as v; print(*[n + ' ' + v(n) for n in {names}])"
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return told.stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
