"""Handling errors: the documented steps, one call each.

`native.py` is the same flow as plain Python.
"""

from fnfkit import FC, App, Steps, catch, elsewhere, local, retry

app = App("error-handling", service="fnf-demo")


@app.function(code="functions/hello")
def hello(name: str = "", fail: str = "", times: int = 0) -> dict[str, str]:
    """Greets, or fails in the way it is asked to."""
    elsewhere()


@app.steps(name="error-handling")
def error_handling(f: Steps) -> None:
    """Retries what may pass, catches the rest, and keeps the name and the cause of the error."""
    may_pass = ("ErrorNeedsRetry", FC.ResourceThrottled, FC.ResourceExhausted, FC.InternalServerError)
    f.task(
        "hello",
        hello,
        timeout=60,
        retry=[retry(*may_pass, times=3, every=10, factor=2, longest=300)],
        catch=[catch(Exception, go="final")],
        on_error={"errMsg": local.cause, "errCode": local.error},
    )
    f.succeed("Greeted")
    f.put("final", handled=True)
