"""Results on standard output, progress on standard error, and one envelope for scripts.

With `--json` a command prints `{"ok": true, "data": ...}` or `{"ok": false, "error": {"code", "message", "hint"}}`,
on one line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from fnfkit.cli.blocks import Block
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.wiring import renderer
from fnfkit.model.json import Json


def result(data: Json, blocks: Iterable[Block], *, as_json: bool) -> None:
    """Print a command's result, as the envelope or for people."""
    if as_json:
        print(json.dumps({"ok": True, "data": data}))
    else:
        show(blocks)


def show(blocks: Iterable[Block]) -> None:
    """Print blocks: with colours on a terminal, as plain text elsewhere."""
    renderer(terminal=sys.stdout.isatty())(blocks)
    sys.stdout.flush()


def refuse(refusal: Refusal, *, as_json: bool) -> None:
    """Print why a command ended: the envelope on standard output, or sentences on standard error."""
    if as_json:
        error = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
        print(json.dumps({"ok": False, "error": error}))
        return
    progress(f"error[{refusal.code}]: {refusal.message}")
    if refusal.hint:
        progress(f"hint: {refusal.hint}")


def progress(text: str) -> None:
    """Tell a person what is going on, without touching the data."""
    print(text, file=sys.stderr, flush=True)
