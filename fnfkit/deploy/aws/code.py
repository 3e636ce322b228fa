"""Functions as Lambda runs them: the same archive with one more file, through which the handler is called as Function
Compute calls it."""

from __future__ import annotations

from fnfkit.deploy.error import DeployError
from fnfkit.deploy.graph import FunctionNode
from fnfkit.deploy.package import Package
from fnfkit.deploy.units import runtime_of

MODULE = "fnfkit_lambda"
PYTHON = "3.12"
RUNTIME = f"python{PYTHON}"

_SHIM = '''"""Calls {name} of {module} as Function Compute does: the event as bytes, the result as an object."""

import json
import os
from types import SimpleNamespace

from {module} import {name} as body

CHECKED = {checked}
state = {{"cold": True}}


def handler(event, context):
    try:
        result = body(json.dumps(event, ensure_ascii=False).encode(), translated(context))
    except SystemExit as ended:
        raise named("FC.Unknown")("the process exited before the request was completed") from ended
    finally:
        state["cold"] = False
    if isinstance(result, (bytes, bytearray, str)):
        try:
            result = json.loads(result)
        except ValueError:
            result = result if isinstance(result, str) else bytes(result).decode("utf-8", "replace")
    if CHECKED and not isinstance(result, dict):
        raise named("FnF.InvalidLocal")(
            "the result of a task must be a JSON object, not " + type(result).__name__
        )
    return result


def named(error):
    """The name of an exception's class is what Step Functions knows an error by."""
    return type(error, (Exception,), {{}})


def translated(context):
    arn = context.invoked_function_arn.split(":")
    version = context.function_version
    service, _, function = context.function_name.rpartition("__")
    return SimpleNamespace(
        request_id=context.aws_request_id,
        function=SimpleNamespace(
            name=function,
            handler="{module}.{name}",
            memory=int(context.memory_limit_in_mb),
            timeout={timeout},
            version_id="" if version == "$LATEST" else version,
            qualifier=arn[7] if len(arn) > 7 else "LATEST",
        ),
        service=SimpleNamespace(name=service),
        region=arn[3],
        account_id=arn[4],
        credentials=SimpleNamespace(
            access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", ""),
            access_key_secret=os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
            security_token=os.environ.get("AWS_SESSION_TOKEN", ""),
        ),
        cold_start=state["cold"],
    )
'''


def lambda_package(node: FunctionNode, packed: Package, *, seconds: int) -> Package:
    """A packed function for Lambda. A result that is no object is refused, as flows do, unless somebody else reports
    what becomes of the task. Raises `DeployError` for code in another language than Python."""
    module, _, name = packed.handler.rpartition(".")
    if not runtime_of(packed).startswith("python"):
        message = f"function {node.ref.function}: only functions in Python are called on Lambda as flows call them"
        raise DeployError("Unsupported", message, "write it in Python, or declare it with deployed=True")
    text = _SHIM.format(module=module.replace("/", "."), name=name, checked=not node.reports, timeout=seconds)
    return Package({**packed.files, f"{MODULE}.py": text.encode()}, f"{MODULE}.handler")
