"""`fnfkit dev`, but that some messages arrive twice: `python chaotic_dev.py SEED OPTION ...`."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from typing import Any

from fnfkit.cli import app, wiring
from fnfkit.cloud.cloud import Cloud

EVERY_NTH_TWICE = 5


def main(seed: str, *options: str) -> int:
    chance = random.Random(seed)
    made = wiring.embedded

    def twice_at_times(kind: str, name: str) -> Sequence[int]:
        return (0, chance.randrange(2_000)) if chance.randrange(EVERY_NTH_TWICE) == 0 else (0,)

    def embedded(**options: Any) -> Cloud:
        cloud = made(**options)
        cloud.mns.travel(twice_at_times)
        return cloud

    wiring.embedded = embedded
    return app.run(["dev", *options])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
