"""The flow of `app.py` as plain Python: `try`, `except`, and an exception class for the function's own error."""

from dataclasses import dataclass

from fnfkit import FC, App, CloudError, caught, elsewhere

app = App("error-handling-native", service="fnf-demo")


class ErrorNeedsRetry(CloudError):
    """The function is busy."""


@dataclass
class Greeting:
    """What the function answers."""

    greeting: str


@app.function(code="functions/hello")
def hello(name: str = "", fail: str = "", times: int = 0) -> Greeting:
    """Greets, or fails in the way it is asked to."""
    elsewhere()


patient = hello.timeout(60).retry(
    ErrorNeedsRetry, FC.ResourceThrottled, FC.ResourceExhausted, FC.InternalServerError, every=10, longest=300
)


@app.flow(name="error-handling-native")
def error_handling_native(name: str, fail: str, times: int = 0) -> dict[str, object]:
    """Retries what may pass, catches the rest, and keeps the name and the cause of the error."""
    try:
        answer = patient(name=name, fail=fail, times=times)
    except Exception as error:
        return {"greeting": None, "errCode": caught(error).error, "errMsg": caught(error).cause}
    return {"greeting": answer.greeting, "errCode": None, "errMsg": None}
