"""`python -m tests.bench copy [options]`: run one bench, print its figures as JSON."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

_NAMED = {"imports": "import"}


def main(argv: list[str]) -> int:
    folder = Path(__file__).parent
    names = sorted(
        file.stem for file in folder.glob("*.py") if "def run(" in file.read_text(encoding="utf-8")
    )
    # a module can't be called `import`
    names = [_NAMED.get(name, name) for name in names if not name.startswith("_")]
    if not argv or argv[0] not in names:
        sys.stderr.write(f"usage: python -m tests.bench {{{','.join(names)}}} [options]\n")
        return 2
    module = next((file for file, name in _NAMED.items() if name == argv[0]), argv[0])
    figures = importlib.import_module(f"tests.bench.{module}").run(argv[1:])
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
