"""The command line as a process: start-up, signals, terminals, and the commands of the README."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import FUNCTIONS, ROOT, TEMPLATES

FNFKIT = [sys.executable, "-c", "from fnfkit.cli.main import main; main()"]
SECONDS = 60


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **more}


def process(home: Path, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*FNFKIT, *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment(home, **more), timeout=SECONDS
    )


@contextmanager
def dev(
    home: Path, *words: object, largest_file: int = resource.RLIM_INFINITY
) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running `fnfkit dev --json` on a free port, and what it printed when it was ready."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({largest_file}, {largest_file})); "
    command = [*FNFKIT[:2], limit + FNFKIT[2], "dev", "--port", "0", "--json", *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=environment(home)) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line, server.stderr.read() if server.stderr else ""
            yield server, json.loads(line)
        finally:
            if server.poll() is None:
                server.kill()


def client(account: dict[str, str]) -> dict[str, str]:
    return {
        "FNFKIT_ENDPOINT": account["endpoint"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
    }


def test_the_version_loads_no_command_line(tmp_path: Path) -> None:
    code = (
        "import sys; from fnfkit.cli.main import main; main(['--version']); "
        "print([name for name in ('click', 'rich', 'yaml', 'orjson', 'aliyunsdkcore') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path))
    assert re.fullmatch(r"fnfkit \d+\.\d+\.\d+\n\[\]\n", said.stdout)


def test_help_loads_neither_clouds_nor_sdks(tmp_path: Path) -> None:
    heavy = ("rich", "yaml", "orjson", "greenlet", "uvicorn", "sqlite3", "aliyunsdkcore")
    code = (
        "import sys; from fnfkit.cli.app import run; run(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path))
    assert said.stdout.splitlines()[-1] == "[]"
    assert "demo" in said.stdout


def test_the_demo_in_an_empty_home(tmp_path: Path) -> None:
    said = process(tmp_path / "nowhere", "demo")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.rstrip().endswith("every flow ended as documented")


def test_a_reader_that_stops_reading_causes_no_complaint(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from fnfkit.cli.main import main; main()' demo | head -1; echo ${{PIPESTATUS[0]}}"
    said = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment(tmp_path), timeout=SECONDS
    )
    assert said.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_dev_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with dev(tmp_path, "--functions", FUNCTIONS) as (server, account):
        assert account.keys() == {"endpoint", "region", "account_id", "access_key_id", "access_key_secret"}
        assert process(tmp_path, "flows", "ls", **client(account)).stdout == "no flows\n"
        server.send_signal(number)
        _, err = server.communicate(timeout=SECONDS)
    assert server.returncode == 0
    assert "Traceback" not in err
    assert account["access_key_secret"] not in err


def test_dev_does_not_wait_for_functions_that_sleep(tmp_path: Path) -> None:
    flow = TEMPLATES / "error-handling" / "flow.fdl.yml"
    with dev(tmp_path, "--functions", FUNCTIONS, "--clock", "real") as (server, account):
        assert process(tmp_path, "flows", "create", "slow", flow, **client(account)).returncode == 0
        words = ("start", "slow", "--input", '{"fail": "slow"}')
        assert process(tmp_path, *words, **client(account)).returncode == 0
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=SECONDS)
    assert server.returncode == 0
    assert "Traceback" not in err


def test_dev_keeps_the_account_in_a_file(tmp_path: Path) -> None:
    store = tmp_path / "account.db"
    with dev(tmp_path, "--store", store) as (_, account):
        made = process(tmp_path, "flows", "create", "cb", TEMPLATES / "callback" / "flow.fdl.yml", **client(account))
        assert made.returncode == 0
    with dev(tmp_path, "--store", store) as (_, account):
        said = process(tmp_path, "flows", "ls", "--json", **client(account))
    assert [flow["name"] for flow in json.loads(said.stdout)["data"]] == ["cb"]


def test_dev_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    store = tmp_path / "account.db"
    with dev(tmp_path, "--store", store) as (_, account):
        process(tmp_path, "flows", "create", "cb", TEMPLATES / "callback" / "flow.fdl.yml", **client(account))
        taken = process(tmp_path, "dev", "--port", "0", "--store", store)
    assert (taken.returncode, taken.stdout) == (2, "") and "in use by another process" in taken.stderr
    with closing(sqlite3.connect(store)) as db:
        db.execute("UPDATE record SET value = ? WHERE area = 'flow'", (b"{{",))
        db.commit()
    damaged = process(tmp_path, "dev", "--port", "0", "--store", store)
    assert (damaged.returncode, damaged.stdout) == (2, "")
    assert "error[StoreError]: what the store has kept cannot be read" in damaged.stderr
    assert "hint: " in damaged.stderr and "Traceback" not in damaged.stderr


def test_dev_ends_when_its_disk_is_full(tmp_path: Path) -> None:
    payload = json.dumps({"input": "x" * 20_000})
    store = tmp_path / "account.db"
    waits = tmp_path / "waits.yml"
    waits.write_text("version: v1\ntype: flow\nsteps:\n  - {type: wait, name: w, duration: 86400}\n", "utf-8")
    with dev(tmp_path, "--clock", "real", "--store", store, largest_file=150 * 1024) as (server, account):
        assert process(tmp_path, "flows", "create", "w", waits, **client(account)).returncode == 0
        for number in range(20):
            said = process(tmp_path, "start", "w", "--name", f"e{number}", "--input", payload, **client(account))
            if said.returncode:
                break
        out, err = server.communicate(timeout=SECONDS)
    assert number > 0 and "error[InternalServerError]" in said.stderr and "account.db" in said.stderr
    error = json.loads(out)["error"]
    assert (server.returncode, error["code"]) == (1, "StoreError")
    assert error["message"].startswith("cannot write the store") and "check the free space" in error["message"]
    assert "Traceback" not in err
    with dev(tmp_path, "--clock", "real", "--store", store) as (_, account):
        listed = json.loads(process(tmp_path, "executions", "w", "--json", **client(account)).stdout)["data"]
    assert [run["name"] for run in listed] == [f"e{done}" for done in reversed(range(number))]


def test_dev_refuses_addresses_others_can_reach(tmp_path: Path) -> None:
    said = process(tmp_path, "dev", "--host", "0.0.0.0", "--port", "0")
    assert said.returncode == 3
    assert "--allow-remote" in said.stderr
    with dev(tmp_path, "--host", "0.0.0.0", "--allow-remote") as (server, _):
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=SECONDS)
    assert "WARNING" in err
    assert "0.0.0.0" in err


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with dev(tmp_path) as (_, account):
        port = account["endpoint"].rpartition(":")[2]
        said = process(tmp_path, "dev", "--port", port)
    assert said.returncode == 3
    assert f"port {port}" in said.stderr


def test_the_export_lines_are_shell(tmp_path: Path) -> None:
    command = [*FNFKIT, "dev", "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment(tmp_path), cwd=ROOT) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(6)]
        shown = subprocess.run(
            ["bash", "-c", "".join(lines) + "env"], capture_output=True, text=True, env=environment(tmp_path)
        ).stdout
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=SECONDS)
    assert all(line.startswith("export ") for line in lines)
    assert re.search(r"^FNFKIT_ENDPOINT=http://127\.0\.0\.1:\d+$", shown, re.MULTILINE)
    assert re.search(r"^http_proxy=http://127\.0\.0\.1:\d+$", shown, re.MULTILINE)
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" in shown


def on_a_terminal(home: Path, *words: object, **more: str) -> str:
    """What a command prints when its standard output is a terminal."""
    leader, follower = pty.openpty()
    command = [*FNFKIT, *map(str, words)]
    env = environment(home, TERM="xterm-256color", COLUMNS="90", **more)
    with subprocess.Popen(command, stdout=follower, stderr=follower, stdin=follower, cwd=ROOT, env=env) as shell:
        os.close(follower)
        printed = b""
        while select.select([leader], [], [], SECONDS)[0]:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # the terminal is closed: the process has ended
                break
            printed += chunk
            if not chunk:
                break
        shell.wait(SECONDS)
    os.close(leader)
    return printed.decode()


def test_a_terminal_gets_colours_and_lines_that_fit(tmp_path: Path) -> None:
    flow = TEMPLATES / "transaction" / "flow.fdl.yml"
    words = ("run", flow, "--input", '{"buy_train_ticket_result": false, "reserve_flight_result": 1, '
             '"reserve_hotel_result": 1}', "--functions", FUNCTIONS)  # fmt: skip
    coloured = on_a_terminal(tmp_path, *words)
    assert "\x1b[1;31m" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    rows = [line for line in plain.split("\r\n") if re.match(r" *\d+ +\+", line)]
    assert rows
    assert all(len(line) <= 90 for line in rows)
    without = on_a_terminal(tmp_path, *words, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", without)


def blocks(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(sh|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shims(folder: Path) -> Path:
    """A folder with the commands that the README names."""
    folder.mkdir()
    fnfkit = f"exec {sys.executable} -c 'from fnfkit.cli.main import main; main()' \"$@\""
    for name, line in (("fnfkit", fnfkit), ("python", f'exec {sys.executable} "$@"')):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


def checkout(folder: Path) -> Path:
    """A folder to work in that looks like the checkout."""
    folder.mkdir()
    for name in ("templates", "functions"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def command_of(language: str, code: str, folder: Path) -> list[str]:
    """How a block is run: shell, or Python from a file, which its first line may name."""
    if language == "sh":
        return ["bash", "-euc", code]
    named = re.match(r"# (\w+\.py)\n", code)
    path = folder / (named[1] if named else "block.py")
    path.write_text(code)
    return [sys.executable, str(path)]


def test_every_command_of_the_readme_works(tmp_path: Path) -> None:
    work = checkout(tmp_path / "work")
    path = shims(tmp_path / "bin")
    found = blocks((ROOT / "README.md").read_text("utf-8"))
    assert found[0][1].startswith("# jobs.py\n"), "the first example is a flow in Python"
    server = [code for _, code in found if code.startswith("fnfkit dev")]
    assert len(server) == 1
    words = server[0].split()[2:]
    with dev(tmp_path, *words) as (_, account):
        env = environment(tmp_path, **client(account), http_proxy=account["endpoint"])
        env["PATH"] = f"{path}:{env['PATH']}"
        said = ""
        for language, code in found:
            if code in server:
                continue
            command = command_of(language, code, work)
            done = subprocess.run(command, capture_output=True, text=True, cwd=work, env=env, timeout=SECONDS)
            assert done.returncode == 0, (code, done.stdout, done.stderr)
            said += done.stdout
    assert "1 passed" in said
    assert "poll_job.fdl.yml written" in said
    assert "from-the-sdk" in said
    assert "reported as succeeded" in said
    assert "flow approval deleted" in said


def test_the_readme_opens_with_its_two_commands_and_prints_the_real_matrix() -> None:
    from tests.architecture.test_architecture import MATRIX

    text = (ROOT / "README.md").read_text("utf-8")
    assert re.findall(r"^    (\S.*)$", text, re.MULTILINE)[:2] == ["make demo", "make test"]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|$", text, re.MULTILINE)
    documented = {name.strip("`"): allowed for names, allowed in rows for name in names.split(", ")}
    printed = {package: set(allowed.split(", ")) - {"nothing"} for package, allowed in documented.items()}
    packages = MATRIX.keys() - {"__main__"}
    assert printed == {package: {"all of these"} if package == "cli" else MATRIX[package] for package in packages}
