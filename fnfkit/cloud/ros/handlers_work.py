"""Resources that do something while the stack is made: function invokers and sleeps (ros.md 7, 9)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fnfkit.cloud.fc.function import Answer, Deployed
from fnfkit.cloud.fc.function import Call as FunctionCall
from fnfkit.cloud.ros.handlers_fc import service_of
from fnfkit.cloud.ros.handling import Account, Built, Done, Order, Outcome, Pending
from fnfkit.ports import Fault


class InvokerHandler:
    """Calls a function once for each new ExecuteVersion; deleting it calls nothing."""

    def __init__(self, account: Account) -> None:
        self._functions = account.functions

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Outcome:
        if order.number("ExecuteVersion") is None:
            return Built(order.id, {"Result": "", "ResultType": "NoResult"})
        return Pending(partial(self._invoke, order))

    def update(self, order: Order) -> Outcome:
        if order.properties.get("ExecuteVersion") == order.before.get("ExecuteVersion"):
            return Built(order.physical, order.attributes)
        return self.create(order)

    def delete(self, order: Order) -> None:
        return

    def _invoke(self, order: Order, done: Done) -> Callable[[], None]:
        qualifier = order.text("Qualifier")
        try:
            function = self._functions.find(service_of(order), qualifier, order.text("FunctionName"))
            request = self._functions.new_request_id()
            call = FunctionCall(
                payload=order.text("Event").encode(), request_id=request, qualifier=qualifier or "LATEST"
            )
            if order.flag("Async"):
                self._functions.later(0, lambda: self._start(function, call))
                done(Built(order.id, {"Result": "", "ResultType": "NoResult", "TaskId": request}))
                return _nothing
            return self._functions.begin(function, call, lambda answer: done(_answered(order, answer)))
        except Fault as fault:
            done(fault)
            return _nothing

    def _start(self, function: Deployed, call: FunctionCall) -> None:
        self._functions.begin(function, call, lambda _: None)


def _answered(order: Order, answer: Answer) -> Built | Fault:
    text = answer.body.decode("utf-8", "replace")
    if answer.error_type and order.flag("CheckError"):
        return Fault.of("FunctionInvocationFailed", 400, f"{order.text('FunctionName')} failed: {text}")
    kind = "Failure" if answer.error_type else "Success"
    return Built(order.id, {"Result": text, "ResultType": kind})


class SleepHandler:
    """Waits so many seconds of the account's time."""

    def __init__(self, account: Account) -> None:
        self._clock = account.clock

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Outcome:
        return self._sleep(order, "CreateDuration", Built(order.id))

    def update(self, order: Order) -> Outcome:
        name = "UpdateRollbackDuration" if order.rolling_back else "UpdateDuration"
        return self._sleep(order, name, Built(order.physical))

    def delete(self, order: Order) -> Pending | None:
        made = self._sleep(order, "DeleteDuration", Built(""))
        return made if isinstance(made, Pending) else None

    def _sleep(self, order: Order, name: str, built: Built) -> Outcome:
        seconds = order.number(name) or 0
        if not seconds:
            return built

        def start(done: Done) -> Callable[[], None]:
            return self._clock.call_at(self._clock.now() + seconds * 1000, lambda: done(built)).cancel

        return Pending(start)


def _nothing() -> None:
    return None
