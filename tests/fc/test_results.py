"""What a handler returns, raises or does to its process, and what the caller gets (api-fc.md 3.2, 4)."""

from __future__ import annotations

import pytest

from tests.fc.conftest import START, Lab


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ("'plain'", b"plain"),
        ("b'\\x00\\xff'", b"\x00\xff"),
        ("'{\"a\": 1}'", b'{"a": 1}'),
        ("{'a': [1, None, True]}", b'{"a": [1, null, true]}'),
        ("[1, 2]", b"[1, 2]"),
        ("None", b"null"),
        ("7", b"7"),
    ],
)
def test_a_result_is_text_as_it_is_or_json(lab: Lab, result: str, body: bytes) -> None:
    lab.deploy(f"def handler(event, context):\n    return {result}\n")
    answer = lab.answer()
    assert (answer.body, answer.error_type) == (body, "")


def test_the_event_is_bytes_and_the_context_is_the_documented_object(lab: Lab) -> None:
    lab.deploy("""
        import json, os
        def handler(event, context):
            return {
                "event": [type(event).__name__, json.loads(event)],
                "function": [context.function.name, context.function.handler, context.function.timeout],
                "service": [context.service.name, context.service.qualifier],
                "account": [context.account_id, context.region],
                "env": [os.environ["FC_FUNCTION_NAME"], os.getenv("HOME"), os.environ.get("MISSING")],
                "id": context.request_id,
            }
    """)
    result = lab.call({"k": "v"})
    assert result == {
        "event": ["bytes", {"k": "v"}],
        "function": ["f", "index.handler", 60],
        "service": ["lab", "LATEST"],
        "account": ["123456789012", "cn-hangzhou"],
        "env": ["f", None, None],
        "id": f"1-{START // 1000:08x}-{1:024x}",
    }


def test_an_exception_is_reported_with_its_class_and_the_frames_of_the_code(lab: Lab) -> None:
    lab.deploy("""
        class OutOfStock(Exception):
            pass

        def pick():
            raise OutOfStock("no more")

        def handler(event, context):
            pick()
    """)
    error = lab.error()
    assert (error["errorMessage"], error["errorType"]) == ("no more", "OutOfStock")
    assert error["stackTrace"] == [
        ['File "/code/index.py"', "line 9", "in handler", "pick()"],
        ['File "/code/index.py"', "line 6", "in pick", 'raise OutOfStock("no more")'],
    ]


def test_a_deep_recursion_keeps_a_short_trace(lab: Lab) -> None:
    lab.deploy("def handler(event, context):\n    return handler(event, context)\n")
    error = lab.error()
    assert error["errorType"] == "RecursionError"
    assert len(error["stackTrace"]) == 20  # type: ignore[arg-type]


def test_a_result_without_json_form_is_the_functions_error(lab: Lab) -> None:
    lab.deploy("def handler(event, context):\n    return object()\n")
    assert lab.error()["errorType"] == "TypeError"


@pytest.mark.parametrize(
    "way",
    [
        "exit()",
        "quit(3)",
        "sys.exit(1)",
        "os._exit(0)",
        "abort()",
        "raise SystemExit",
    ],
)
@pytest.mark.parametrize("guard", ["", "except Exception: return {}"])
def test_ending_the_process_is_an_error_without_a_type(lab: Lab, way: str, guard: str) -> None:
    lab.deploy(f"""
        import os, sys
        from os import abort
        def handler(event, context):
            try: {way}
            {guard or "finally: pass"}
    """)
    assert lab.error() == {
        "errorMessage": "Process exited unexpectedly before completing request (duration: 0ms, maxMemoryUsage: 0.00MB)"
    }


def test_os_exit_cannot_be_caught(lab: Lab) -> None:
    lab.deploy("""
        import os
        def handler(event, context):
            try:
                os._exit(1)
            except BaseException:
                return {"alive": True}
    """)
    assert "Process exited" in str(lab.error()["errorMessage"])


def test_a_process_that_ended_starts_anew(lab: Lab) -> None:
    lab.deploy("""
        calls = []
        def handler(event, context):
            calls.append(1)
            if b"die" in event:
                exit()
            return {"calls": len(calls)}
    """)
    assert lab.call() == {"calls": 1}
    assert lab.call() == {"calls": 2}
    lab.error({"die": 1})
    assert lab.call() == {"calls": 1}


def test_an_exception_leaves_the_instance_warm(lab: Lab) -> None:
    lab.deploy("""
        calls = []
        def handler(event, context):
            calls.append(1)
            if b"raise" in event:
                raise ValueError
            return {"calls": len(calls)}
    """)
    lab.error({"raise": 1})
    assert lab.call() == {"calls": 2}


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import nowhere_to_be_found\n", "ImportModuleError", "No module named 'nowhere_to_be_found'"),
        ("def handler(:\n", "ImportModuleError", "SyntaxError"),
        ("1 / 0\n", "ImportModuleError", "ZeroDivisionError"),
        ("x = 1\n", "HandlerNotFound", "Function 'handler' is missing in module 'index'"),
    ],
)
def test_code_that_cannot_be_loaded_says_why(lab: Lab, source: str, kind: str, message: str) -> None:
    lab.deploy(source)
    error = lab.error()
    assert error["errorType"] == kind
    assert message in str(error["errorMessage"])


def test_what_code_prints_and_logs_becomes_log_lines(lab: Lab) -> None:
    lab.deploy("""
        import logging, sys, time
        logger = logging.getLogger()
        def handler(event, context):
            print("one", "two", sep="-")
            sys.stderr.write("half")
            time.sleep(1.5)
            logger.info("stock %d", 3)
            logging.getLogger("shop").warning("low")
            logging.debug("hidden")
            print("open end", end="")
            return {}
    """)
    answer = lab.answer()
    rid = answer.request_id
    assert answer.log == (
        "one-two",
        f"2020-09-13T12:26:41.500Z {rid} [INFO] stock 3",
        f"2020-09-13T12:26:41.500Z {rid} [WARNING] low",
        "halfopen end",
    )
    assert [line.text for line in lab.functions.log] == list(answer.log)
