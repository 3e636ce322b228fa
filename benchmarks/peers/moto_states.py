"""Step Functions on moto's interpreter, driven through boto3 in process."""

import contextlib
import json
import os
import time
from collections.abc import Iterator

os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")

ROLE = "arn:aws:iam::123456789012:role/bench"


@contextlib.contextmanager
def client() -> Iterator[object]:
    """A Step Functions client whose state machines really run."""
    import boto3
    from moto import mock_aws

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield boto3.client("stepfunctions")


def seconds(definition: dict[str, object], payload: object, executions: int = 1) -> float:
    """Wall seconds for that many executions, one after the other."""
    with client() as states:
        machine = states.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)
        begin = time.perf_counter()
        for number in range(executions):
            started = states.start_execution(
                stateMachineArn=machine["stateMachineArn"], name=f"e{number}", input=json.dumps(payload)
            )
            while True:
                status = states.describe_execution(executionArn=started["executionArn"])["status"]
                if status != "RUNNING":
                    break
                time.sleep(0.001)
            assert status == "SUCCEEDED", status
        return time.perf_counter() - begin


def chain(length: int) -> dict[str, object]:
    """A chain of Pass states."""
    last = length - 1
    return {
        "StartAt": "S0",
        "States": {
            f"S{i}": {"Type": "Pass", "End": True} if i == last else {"Type": "Pass", "Next": f"S{i + 1}"}
            for i in range(length)
        },
    }


def polling(polls: int) -> dict[str, object]:
    """Count to `polls` with two Pass states and a Choice a round; without a wait, which moto really waits."""
    return {
        "StartAt": "Init",
        "States": {
            "Init": {"Type": "Pass", "Result": {"n": 0}, "Next": "Task"},
            "Task": {"Type": "Pass", "Next": "Poll"},
            "Poll": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Check"},
            "Check": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericLessThan": polls, "Next": "Task"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def each() -> dict[str, object]:
    """A Map over `$.items`, one Pass state an item."""
    body = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    return {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "Iterator": body, "End": True}},
    }


def chain_rate(length: int) -> float:
    """Steps per second of five executions of a chain."""
    return 5 * length / seconds(chain(length), {}, 5)


def polling_rate(polls: int) -> float:
    """Polls per second of one execution."""
    return polls / seconds(polling(polls), {})


def each_rate(items: int) -> float:
    """Items per second of one execution."""
    return items / seconds(each(), {"items": list(range(items))})


def test_rate(count: int) -> float:
    """Tests per second, each with a fresh account, a state machine of ten states, and one execution."""
    begin = time.perf_counter()
    for _ in range(count):
        seconds(chain(10), {})
    return count / (time.perf_counter() - begin)
