"""The documented scenarios on AWS, from `fnfkit deploy --target aws` to `fnfkit destroy`: moto's CloudFormation makes
the stack, its interpreter runs the flow, and the packaged handlers answer."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from fnfkit.cli import init
from fnfkit.workers import Options, Worker
from tests.aws.stacks.moto_stacks import Account


def project(name: str, folder: Path) -> Path:
    """A documented project, copied into a folder."""
    init.copy(name, folder / name)
    return folder / name


def given(folder: Path, file: str = "input.json") -> Any:
    return json.loads((folder / file).read_text("utf-8"))


def destroyed(account: Account, folder: Path) -> None:
    """Destroys the stack, and sees that nothing is left."""
    said = account.call("destroy", folder, "--target", "aws", "--yes", "--json")
    assert said.exit == 0, said.err
    assert account.left() == {}


def test_polling(account: Account, tmp_path: Path) -> None:
    poll = project("poll", tmp_path)
    made = account.deploy(poll)
    assert made["status"] == "CREATE_COMPLETE"
    start = account.lambdas.now
    run = account.run("poll", given(poll))
    assert run.status == "Succeeded", run
    output = json.loads(run.output)
    assert (output["job_status"], output["try_count"]) == ("success", 4)
    assert account.lambdas.now - start == 40
    names = [name for name, _ in account.lambdas.calls]
    assert names == ["fnf-demo__StartJob", *["fnf-demo__GetJobStatus"] * 4]
    late = account.run("poll", {"delay": 999})
    assert (late.status, account.error(late)) == ("Failed", "JobFailed")
    destroyed(account, poll)


def test_a_transaction_that_succeeds_and_one_that_is_taken_back(account: Account, tmp_path: Path) -> None:
    transaction = project("transaction", tmp_path)
    account.deploy(transaction)
    run = account.run("transaction", given(transaction))
    assert run.status == "Succeeded", run
    operations = [event["operation"] for _, event in account.lambdas.calls]
    assert operations == ["buy_train_ticket", "reserve_flight", "reserve_hotel"]
    booked = json.loads(run.output)
    assert {"buy_train_ticket_txnID", "reserve_flight_txnID", "reserve_hotel_txnID"} <= booked.keys()

    account.lambdas.calls.clear()
    start = account.lambdas.now
    back = account.run("transaction", given(transaction, "input-hotel-fails.json"))
    assert (back.status, account.error(back)) == ("Failed", "OrderFailed")
    events = [event for _, event in account.lambdas.calls]
    assert [event["operation"] for event in events] == [
        *("buy_train_ticket", "reserve_flight"),
        *["reserve_hotel"] * 4,
        *("cancel_flight", "cancel_train_ticket"),
    ]
    assert account.lambdas.now - start == 7  # the hotel is tried again after 1, 2 and 4 seconds
    assert events[-1]["buy_train_ticket_txnID"]
    destroyed(account, transaction)


def test_workers_of_a_queue(account: Account, tmp_path: Path) -> None:
    """The worker is the one of `fnfkit worker`, on other ports."""
    folder = project("queue-worker", tmp_path)
    account.deploy(folder)
    done: list[str] = []

    def handle(task: dict[str, str]) -> dict[str, str]:
        done.append(task["key"])
        return {"key": f"{task['key']} {len(done)}"}

    worker = Worker(account.queues, account.flows, queue="fnf-demo", options=Options(wait=1))
    thread = threading.Thread(target=worker.run, args=(handle,), daemon=True)
    thread.start()
    try:
        run = account.run("queue-worker", given(folder))
    finally:
        worker.stop()
        thread.join(10)
    assert (run.status, json.loads(run.output)) == ("Succeeded", {"key": "value 3"})
    assert done == ["value"] * 3
    destroyed(account, folder)


def test_callbacks(account: Account, tmp_path: Path) -> None:
    folder = project("callback", tmp_path)
    account.deploy(folder)
    for report, status, told in ((True, "Succeeded", {"s": "ok"}), (False, "Failed", None)):
        account.lambdas.calls.clear()
        name = account.flows.start_execution("callback", input="{}").name
        token = taken(account)
        if report:
            account.flows.report_task_succeeded(token, '{"status": "ok"}')
        else:
            account.flows.report_task_failed(token, "Denied", "the application was turned down")
        run = account.ended("callback", name)
        assert run.status == status
        assert (json.loads(run.output) if run.output else None) == told
        assert account.error(run) == ("" if report else "Denied")
    destroyed(account, folder)


def taken(account: Account) -> str:
    """The token that the function has been handed."""
    patience = threading.Event()
    for _ in range(1_000):
        if account.lambdas.calls:
            return str(account.lambdas.calls[-1][1]["taskToken"])
        patience.wait(0.01)
    raise AssertionError("the function was not called")
