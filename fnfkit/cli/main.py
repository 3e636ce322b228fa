"""The entry point: a fast path for `--version`, and the boundary where every refusal becomes a message.

Exit codes: 0 done, 1 the flow failed or the service refused, 2 wrong usage or input, 3 no connection or credentials,
70 a bug in fnfkit, 130 interrupted.
"""

from __future__ import annotations

import sys

from fnfkit import __version__


def main(arguments: list[str] | None = None) -> None:
    """Run the command line on `arguments` (default: those of the process) and exit with its code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["-V"]):
        print(f"fnfkit {__version__}")
        return
    # Loading click takes longer than answering `--version` may.
    from fnfkit.cli.app import run  # noqa: PLC0415

    sys.exit(run(words))
