"""A project outside this repository, with fnfkit from the built wheel: a template's own tests pass there.

By default the wheel is unpacked into an empty environment that borrows the libraries of this one, offline. With
FNFKIT_TEST_LONG pip installs it with all it depends on from the package index, and nothing is borrowed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.testing.flows import ROOT

LONG = bool(os.environ.get("FNFKIT_TEST_LONG"))
SAMPLE = """
from pathlib import Path

import fnfkit
from fnfkit.testing import error

FLOW = Path(__file__).parents[1] / "poll" / "flow.fdl.yml"


def test_the_wheel_is_meant(cloud, clock):
    assert Path(fnfkit.__file__).is_relative_to(Path(SITE))
    cloud.stub("StartJob", {"job_id": "1"})
    cloud.stub("GetJobStatus", {"job_status": "running", "try_count": 1}, {"job_status": "success", "try_count": 2})
    cloud.run(FLOW, delay=1).expect(status="Succeeded", elapsed=20)
    assert clock.elapsed == 20


def test_a_worker(cloud, queue, worker_harness):
    queue("jobs", visibility_timeout=5)
    worker = worker_harness.work("jobs", lambda payload: {})
    cloud.queues.send_message("jobs", "no task")
    cloud.run_until_idle()
    assert worker.counters["parked"] == 1
"""


def call(*command: object, cwd: Path) -> str:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FNFKIT_", "PYTEST_"))
    }
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("fnfkit-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with fnfkit from the wheel."""
    home = tmp_path_factory.mktemp("outside") / "venv"
    python = home / "bin" / "python"
    if LONG:
        call(sys.executable, "-m", "venv", home, cwd=ROOT)
        call(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel, "pytest", cwd=home)
        return python
    call(sys.executable, "-m", "venv", "--without-pip", home, cwd=ROOT)
    site = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def test_the_wheel_says_what_it_offers(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entries,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(entries).decode()
        names = set(archive.namelist())
    assert "[pytest11]\nfnfkit = fnfkit.testing.plugin" in text
    assert "[fnfkit.flows]\naliyun = fnfkit.aliyun.door:flows_at" in text
    assert {"fnfkit/py.typed", "fnfkit/_assets/templates/poll/flow.fdl.yml"} <= names


def test_a_project_outside_this_repository(python: Path, tmp_path: Path) -> None:
    call(python, "-m", "fnfkit", "init", "poll", tmp_path / "poll", cwd=tmp_path)
    outside = tmp_path / "mine"
    outside.mkdir()
    (outside / "test_mine.py").write_text(f"SITE = {str(python.parents[1])!r}\n{SAMPLE}")
    options = ("-q", "-p", "no:cacheprovider", "--fnf-cov", "--strict-markers")
    theirs = call(python, "-m", "pytest", *options, "test_app.py", cwd=tmp_path / "poll")
    ours = call(python, "-m", "pytest", *options, ".", cwd=outside)
    assert "3 passed" in theirs
    assert "2 passed" in ours
    assert "flows: 1 runs on 2 clouds" in ours
    assert [line.split()[:2] for line in ours.splitlines() if line.startswith("poll ")] == [["poll", "19"]]
