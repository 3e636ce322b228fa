"""The Python of docs/testing.md is a test module that passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.testing.flows import ROOT


def test_the_page_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "testing.md").read_text("utf-8"), re.M | re.S)
    (tmp_path / "test_page.py").write_text("\n".join(blocks))
    for name in ("templates", "functions", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"{len(re.findall('^def test_', ''.join(blocks), re.M))} passed" in done.stdout
