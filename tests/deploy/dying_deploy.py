"""The command line, killed on the way: `python dying_deploy.py MODULE:NAME before|after WORD...`.

The process sends itself SIGKILL at the first call of what is named, before it or after it: nothing is cleaned up.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any

from fnfkit.cli import app


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(place: str, when: str, *words: str) -> int:
    module, _, dotted = place.partition(":")
    *owners, name = dotted.split(".")
    owner: Any = import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    found = getattr(owner, name)

    def deadly(*args: Any, **named: Any) -> Any:
        if when == "before":
            die()
        answer = found(*args, **named)
        die()
        return answer

    setattr(owner, name, deadly)
    return app.run(list(words))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
