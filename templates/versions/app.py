"""Calling a published version of a function: the documented step. `native.py` is the same flow as plain Python."""

from fnfkit import App, Steps, elsewhere

app = App("versions", service="fnf-demo")


@app.function(code="functions/provision")
def provision() -> dict[str, bool]:
    """Answers that it has run."""
    elsewhere()


@app.steps
def versions(f: Steps) -> None:
    """Calls what the alias `online` stands for at the time of the call, whatever has been uploaded since."""
    f.task("TestFCProvision", provision.at("online"))
