"""The subprocess runtime: isolation, ends of all kinds, and handlers that mean harm (api-fc.md 3.2, 4)."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.process import descendants
from fnfkit.cloud.fc.processes import ProcessRuntime
from fnfkit.cloud.ram import DEFAULT_KEY_SECRET
from fnfkit.ports.functions import Invoked, InvokeOptions, TaskStatus
from tests.fc.conftest import Lab


@dataclass
class Machine:
    """Functions in processes, in real time."""

    lab: Lab
    cloud: Cloud

    def deploy(self, source: str, name: str = "f", **settings: object) -> None:
        code = self.lab.write(source, name)
        self.cloud.functions.deploy("lab", name, code=code, **settings)  # type: ignore[arg-type]

    def invoke(self, event: object = None, name: str = "f") -> Invoked:
        return self.cloud.fc.invoke("lab", name, json.dumps(event or {}).encode(), InvokeOptions(tail=True))

    def call(self, event: object = None, name: str = "f") -> object:
        answer = self.invoke(event, name)
        assert not answer.error_type, answer.payload
        return json.loads(answer.payload)

    def error(self, event: object = None, name: str = "f") -> dict[str, object]:
        answer = self.invoke(event, name)
        assert answer.error_type == "UnhandledInvocationError", answer.payload
        return json.loads(answer.payload)


@pytest.fixture
def machine(lab: Lab) -> Iterator[Machine]:
    with Cloud(clock=RealClock(), runtime=ProcessRuntime) as cloud:
        yield Machine(lab, cloud)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the system comes to it within a few seconds; what is waited for is the kernel's."""
    deadline = time.monotonic() + 5
    waiting = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        waiting.wait(0.005)
    return True


def test_an_instance_is_a_process_of_its_own_that_stays_warm(machine: Machine) -> None:
    machine.deploy("""
        import os
        calls = []
        def handler(event, context):
            calls.append(1)
            return [os.getpid(), len(calls), context.cold_start, os.getcwd(), __name__]
    """)
    first, second = machine.call(), machine.call()
    assert first == [first[0], 1, True, str(machine.lab.folder / "f"), "index"]
    assert second == [first[0], 2, False, first[3], "index"]
    assert first[0] != os.getpid()


def test_its_environment_is_what_it_declares(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SECRET", "never")
    monkeypatch.setenv("PYTHONPATH", str(machine.lab.folder))
    machine.deploy(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n", environment={"STAGE": "test"}
    )
    found = machine.call()
    assert isinstance(found, dict)
    assert sorted(found) == [
        *("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        *("FC_ACCOUNT_ID", "FC_FUNCTION_HANDLER", "FC_FUNCTION_MEMORY_SIZE", "FC_FUNCTION_NAME", "FC_INSTANCE_ID"),
        *("FC_QUALIFIER", "FC_REGION", "FC_SERVICE_NAME", "LANG", "PATH", "STAGE", "TZ"),
    ]
    assert found["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] != DEFAULT_KEY_SECRET
    assert DEFAULT_KEY_SECRET not in json.dumps(found)


def test_its_credentials_are_a_session_of_the_account(machine: Machine) -> None:
    machine.deploy("""
        def handler(event, context):
            c = context.credentials
            return [c.access_key_id, c.access_key_secret, c.security_token, repr(context)]
    """)
    id, secret, token, shown = machine.call()
    key = machine.cloud.ram.session_key(id, token)
    assert key.secret == secret
    assert secret not in shown and token not in shown


def test_credentials_have_their_older_spelling_too(machine: Machine) -> None:
    machine.deploy(
        """
        def handler(event, context):
            c = context.credentials
            older = (c.accessKeyId, c.accessKeySecret, c.securityToken)
            return [older == (c.access_key_id, c.access_key_secret, c.security_token), hasattr(c, "secret"), repr(c)]
        """
    )
    assert machine.call() == [True, False, "Credentials(...)"]


def test_the_context_is_the_documented_object(machine: Machine) -> None:
    machine.deploy("""
        def handler(event, context):
            f, s = context.function, context.service
            return [type(event).__name__, f.name, f.handler, f.timeout, f.memory, s.name, s.qualifier,
                    context.region, context.account_id, context.tracing.span_baggages, context.request_id != ""]
    """)
    assert machine.call() == [
        *("bytes", "f", "index.handler", 60, 128, "lab", "LATEST", "cn-hangzhou", "123456789012", {}, True)
    ]


def test_an_initializer_runs_once_and_layers_of_modules_are_found(machine: Machine) -> None:
    machine.deploy(
        "ready = []\ndef init(c): ready.append(c.function.name)\ndef handler(e, c): return ready\n",
        initializer="index.init",
    )
    assert [machine.call(), machine.call()] == [["f"], ["f"]]


def test_what_it_prints_becomes_its_log(machine: Machine) -> None:
    machine.deploy("""
        import logging, os, subprocess, sys
        def handler(event, context):
            print("out"); print("err", file=sys.stderr)
            logging.getLogger("shop").info("stock %d", 3)
            subprocess.run(["echo", "child"])
            os.write(1, b"raw without end")
            return "x"
    """)
    answer = machine.invoke()
    lines = answer.log.splitlines()
    assert [line for line in lines if "INFO" not in line] == ["out", "err", "child", "raw without end"]
    assert any(line.endswith(f"Z {answer.request_id} [INFO] stock 3") for line in lines)
    assert {line.request_id for line in machine.cloud.functions.log} == {answer.request_id}


@pytest.mark.parametrize(
    "way", ["exit()", "sys.exit(0)", "os._exit(0)", "os.abort()", "os.kill(os.getpid(), 9)", "raise SystemExit"]
)
def test_ending_the_process_is_an_error_without_a_type_and_the_next_call_starts_anew(
    machine: Machine, way: str
) -> None:
    machine.deploy(f"""
        import os, sys
        def handler(event, context):
            if b"die" in event:
                print("last words")
                {way}
            return os.getpid()
    """)
    before = machine.call()
    answer = machine.invoke({"die": 1})
    error = json.loads(answer.payload)
    assert set(error) == {"errorMessage"}
    assert error["errorMessage"].startswith("Process exited unexpectedly before completing request (duration: ")
    assert answer.log == "last words"
    assert machine.call() != before


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import nowhere_at_all\n", "ImportModuleError", "No module named 'nowhere_at_all'"),
        ("def handler(:\n", "ImportModuleError", "SyntaxError"),
        ("x = 1\n", "HandlerNotFound", "Function 'handler' is missing in module 'index'"),
        ("def handler(e, c):\n    return object()\n", "TypeError", "not JSON serializable"),
        ("def handler(e, c):\n    return {1, 2}\n", "TypeError", "not JSON serializable"),
        ("def handler(e, c):\n    a = []; a.append(a); return a\n", "ValueError", "Circular"),
        ("def handler(e, c):\n    return handler(e, c)\n", "RecursionError", "recursion"),
        ("class OutOfStock(Exception): pass\ndef handler(e, c):\n    raise OutOfStock('none')\n", "OutOfStock", "none"),
    ],
)
def test_errors_have_their_type_and_trace(machine: Machine, source: str, kind: str, message: str) -> None:
    machine.deploy(source)
    error = machine.error()
    assert error["errorType"] == kind
    assert message in str(error["errorMessage"])
    assert not any("worker.py" in str(frame) for frame in error["stackTrace"])  # type: ignore[attr-defined]


def test_an_endless_loop_ends_at_its_timeout_with_what_it_had_said(machine: Machine) -> None:
    machine.deploy("import os\ndef handler(e, c):\n    print(os.getpid())\n    while True: pass\n", timeout=1)
    answer = machine.invoke()
    assert json.loads(answer.payload)["errorMessage"].startswith("Function timed out after 1 seconds")
    assert 1_000 <= answer.duration < 3_000
    assert eventually(lambda: gone(int(answer.log)))


def test_a_tree_of_child_processes_ends_with_the_call(machine: Machine) -> None:
    """Children in the group, in sessions of their own, and orphans: all of them."""
    machine.deploy(
        """
        import os, signal, time
        def child(depth, detach):
            if os.fork():
                return
            if detach:
                os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(os.getpid(), flush=True)
            if depth:
                child(depth - 1, not detach)
                if detach: os._exit(0)
            time.sleep(600)
            os._exit(0)
        def handler(event, context):
            for detach in (False, True):
                child(2, detach)
            time.sleep(600)
        """,
        timeout=1,
    )
    answer = machine.invoke()
    assert "timed out" in str(json.loads(answer.payload)["errorMessage"])
    pids = [int(line) for line in answer.log.split()]
    assert len(pids) == 6
    assert eventually(lambda: all(gone(pid) for pid in pids))


def test_memory_beyond_the_limit_ends_the_process_alone(machine: Machine) -> None:
    machine.deploy("""
        def handler(event, context):
            if b"grab" not in event:
                return len(bytearray(48 * 1024 * 1024))
            return len(b"x" * (4 * 1024 ** 3))
    """)
    assert machine.call() == 48 * 1024 * 1024
    assert "Process exited unexpectedly" in str(machine.error({"grab": 1})["errorMessage"])
    assert machine.call() == 48 * 1024 * 1024


def test_the_limit_cannot_be_raised_by_an_ordinary_user(machine: Machine) -> None:
    machine.deploy("""
        import resource
        def handler(event, context):
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            return [soft == hard, hard < 1024 ** 3, resource.getrlimit(resource.RLIMIT_CORE)]
    """)
    assert machine.call() == [True, True, [0, 0]]


def test_a_flood_of_output_is_read_to_its_end_and_kept_up_to_a_bound(machine: Machine) -> None:
    machine.deploy("""
        import sys
        def handler(event, context):
            line = "x" * 99_999 + "\\n"
            for _ in range(1_000):
                sys.stdout.write(line)
            return "done"
    """)
    answer = machine.invoke()
    assert answer.payload == b"done"
    kept = sum(len(line.text) for line in machine.cloud.functions.log)
    assert 900_000 < kept < 1_100_000
    assert "more bytes of log were dropped" in machine.cloud.functions.log[-1].text


def test_a_flood_from_behind_after_the_answer_holds_nothing_up(machine: Machine) -> None:
    machine.deploy("""
        import os
        def handler(event, context):
            if not os.fork():
                while True: os.write(1, b"y" * 65536)
            return "done"
    """)
    assert machine.invoke().payload == b"done"
    assert machine.invoke().payload == b"done"


def test_a_held_socket_goes_with_its_process(machine: Machine) -> None:
    machine.deploy(
        """
        import socket, time
        def handler(event, context):
            held = socket.create_server(("127.0.0.1", 0))
            print(held.getsockname()[1])
            held.accept()
        """,
        timeout=1,
    )
    port = int(machine.invoke().log)
    import socket

    with socket.socket() as probe:
        assert eventually(lambda: probe.connect_ex(("127.0.0.1", port)) != 0)


def test_it_has_none_of_the_servers_descriptors(machine: Machine) -> None:
    machine.deploy("""
        import os
        def handler(event, context):
            return sorted(os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in os.listdir("/proc/self/fd")
                          if os.path.exists(f"/proc/self/fd/{n}"))
    """)
    assert machine.call() == ["/dev/null", "pipe", "pipe", "pipe", "pipe", "pipe"]


@pytest.mark.parametrize(
    "garbage", ["b'\\xff\\xff\\xff\\xff' + b'x' * 100", "b'\\0\\0\\0\\3[1]'", "b'\\0\\0\\0\\4nope'"]
)
def test_a_forged_answer_ends_the_process_and_nothing_else(machine: Machine, garbage: str) -> None:
    machine.deploy(f"""
        import os, sys, time
        def handler(event, context):
            frame = sys._getframe()
            while frame.f_code.co_name != "main": frame = frame.f_back
            os.write(frame.f_locals["answers"], {garbage})
            time.sleep(60)
    """)
    assert "Process exited" in str(machine.error()["errorMessage"])
    machine.deploy("def handler(e, c): return 1\n", "other")
    assert machine.call(name="other") == 1


def test_closing_its_pipes_is_an_end(machine: Machine) -> None:
    machine.deploy("import os, time\ndef handler(e, c):\n    os.closerange(3, 100)\n    time.sleep(60)\n")
    assert "Process exited" in str(machine.error()["errorMessage"])


def test_large_events_and_answers_pass_both_ways(machine: Machine) -> None:
    machine.deploy("def handler(event, context):\n    return event\n")
    big = {"text": "x" * 3_000_000}
    assert machine.call(big) == big


def test_calls_at_once_have_instances_of_their_own_and_wait_when_there_are_too_many(lab: Lab) -> None:
    code = lab.write("import os, time\ndef handler(e, c):\n    time.sleep(0.02)\n    return os.getpid()\n")
    with Cloud(clock=RealClock(), runtime=lambda platform: ProcessRuntime(platform, most=3)) as cloud:
        cloud.functions.deploy("lab", "f", code=code)
        answers: list[object] = []
        for _ in range(9):
            cloud.fc.calls.begin("lab", "f", b"{}", InvokeOptions(), answers.append)
        assert cloud.run_until(lambda: len(answers) == 9)
        pids = {answer.payload for answer in answers if isinstance(answer, Invoked)}
        assert len(pids) == 3


def test_new_code_gets_new_processes_and_the_old_ones_end(machine: Machine) -> None:
    machine.deploy("import os\ndef handler(e, c): return [1, os.getpid()]\n")
    _, old = machine.call()
    machine.deploy("import os\ndef handler(e, c): return [2, os.getpid()]\n")
    assert machine.call()[0] == 2
    assert eventually(lambda: gone(old))


def test_a_running_task_is_stopped_by_the_end_of_its_process(machine: Machine) -> None:
    machine.deploy("import os, time\ndef handler(e, c):\n    print(os.getpid())\n    time.sleep(600)\n")
    options = InvokeOptions(asynchronous=True, task_id="t", stateful=True)
    machine.cloud.fc.invoke("lab", "f", b"{}", options)
    runtime = machine.cloud.functions.runtime
    assert isinstance(runtime, ProcessRuntime)
    loop = threading.Thread(target=machine.cloud.run_until, args=(lambda: _status(machine) == "Stopped",))
    loop.start()
    assert eventually(lambda: bool(runtime._busy))
    (process,) = runtime._busy
    machine.cloud.fc.stop_task("lab", "f", "t")
    loop.join(10)
    assert _status(machine) is TaskStatus.STOPPED
    assert eventually(lambda: gone(process._process.pid))


def _status(machine: Machine) -> TaskStatus:
    return machine.cloud.fc.get_task("lab", "f", "t").status


def test_closing_the_account_leaves_no_process_behind(lab: Lab) -> None:
    code = lab.write("import os, time\ndef handler(e, c):\n    os.fork() or time.sleep(600)\n    return 1\n")
    with Cloud(clock=RealClock(), runtime=ProcessRuntime) as cloud:
        cloud.functions.deploy("lab", "f", code=code)
        cloud.fc.invoke("lab", "f", b"{}")
        began = [pid for pid in descendants(os.getpid()) if "worker.py" in _command(pid)]
        assert len(began) == 2
    assert eventually(lambda: all(gone(pid) for pid in began))


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def test_instances_end_with_a_server_that_is_killed(lab: Lab, tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys

    code = lab.write("import os\ndef handler(e, c):\n    print(os.getpid())\n    while True: pass\n")
    program = f"""
import pathlib, threading
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.clock import RealClock
from fnfkit.cloud.fc.processes import ProcessRuntime
cloud = Cloud(clock=RealClock(), runtime=ProcessRuntime)
cloud.functions.deploy("lab", "f", code=pathlib.Path({str(code)!r}))
cloud.fc.calls.begin("lab", "f", b"", __import__("fnfkit.ports.functions").ports.functions.SYNC, print)
threading.Timer(0, cloud.run_until_idle).start()
runtime = cloud.functions.runtime
while not runtime._busy: pass
print(next(iter(runtime._busy))._process.pid, flush=True)
threading.Event().wait()
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert not gone(pid)
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    assert eventually(lambda: gone(pid))
