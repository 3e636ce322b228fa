"""Lambda for moto's interpreter, whose own would run containers: what is deployed is taken from moto's Lambda, its
archive unpacked and its handler run in a process that has nothing else."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.awslambda.utils import get_backend

ACCOUNT, REGION = "123456789012", "us-east-1"
_RUNTIME = Path(__file__).parent / "lambda_runtime.py"


@dataclass
class Lambdas:
    """Stands in for the client that the interpreter makes. `now` is in seconds; `calls` are names and events."""

    folder: Path
    now: float = 1_700_000_000.0
    calls: list[tuple[str, Any]] = field(default_factory=list)
    arns: set[str] = field(default_factory=set)
    _instances: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, *, FunctionName: str, Payload: bytes, **_: object) -> dict[str, Any]:
        """Invoke, synchronously."""
        name = FunctionName.split(":")[6]
        event = json.loads(Payload or b"{}")
        with self._lock:
            self.calls.append((name, event))
            self.arns.add(FunctionName)
            answer = self._answer(name, FunctionName, event)
        made: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        if answer.get("failed"):
            made["FunctionError"] = "Unhandled"
        return {**made, "Payload": io.BytesIO(json.dumps(answer["payload"]).encode())}

    def sleep(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.now += seconds

    def close(self) -> None:
        """Ends every instance."""
        while self._instances:
            _ended(self._instances.popitem()[1])

    def _answer(self, name: str, arn: str, event: Any) -> dict[str, Any]:
        instance = self._instances.get(name) or self._started(name)
        context = {
            "invoked_function_arn": arn,
            "function_name": name,
            "function_version": "$LATEST",
            "aws_request_id": f"request-{len(self.calls)}",
            "memory_limit_in_mb": "256",
        }
        assert instance.stdin and instance.stdout
        instance.stdin.write(json.dumps({"event": event, "context": context, "now": self.now}) + "\n")
        instance.stdin.flush()
        line = instance.stdout.readline()
        if line:
            return dict(json.loads(line))
        _ended(self._instances.pop(name))
        told = f"RequestId: {context['aws_request_id']} Error: Runtime exited without providing a reason"
        return {"payload": {"errorType": "Runtime.ExitError", "errorMessage": told}, "failed": True}

    def _started(self, name: str) -> subprocess.Popen[str]:
        function = get_backend(ACCOUNT, REGION).get_function(name)
        folder = self.folder / f"{name}-{function.code_sha_256.replace('/', '-')}"
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(folder)
        words = [sys.executable, "-I", "-S", str(_RUNTIME), str(folder), function.handler]
        pipe = subprocess.PIPE
        self._instances[name] = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        return self._instances[name]


def _ended(instance: subprocess.Popen[str]) -> None:
    assert instance.stdin and instance.stdout
    instance.stdin.close()
    instance.stdout.close()
    instance.wait(10)
