"""The state machine of `flow.cloudflow.yml` as documented steps of the older language, which is what an App becomes."""

from fnfkit import App, Steps, elsewhere, input

app = App("state-machine")


@app.function(code="functions/work")
def work(n: int) -> dict[str, int]:
    """Doubles the number."""
    elsewhere()


@app.steps(name="state-machine")
def state_machine(f: Steps) -> None:
    """Calls a function asynchronously and waits for its end."""
    f.task("InvokeFunction", work.at("LATEST"), pattern="sync", n=input.n, params={"InvocationType": "Async"})
