"""The flow of `app.py` as plain Python."""

from dataclasses import dataclass

from fnfkit import App, elsewhere

app = App("versions-native", service="fnf-demo")


@dataclass
class Answer:
    """What the function answers."""

    success: bool


@app.function(code="functions/provision")
def provision() -> Answer:
    """Answers that it has run."""
    elsewhere()


@app.flow(name="versions-native")
def versions_native() -> Answer:
    """Calls what the alias `online` stands for at the time of the call, whatever has been uploaded since."""
    return provision.at("online").named("TestFCProvision")()
