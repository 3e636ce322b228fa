"""Starting a flow on schedule: the documented step, and its schedule."""

from fnfkit import App, Steps, elsewhere

app = App("timer", service="fnf-demo")


@app.function(code="functions/hello")
def hello(name: str = "", fail: str = "", times: int = 0) -> dict[str, str]:
    """Greets; what the schedule hands over is more than it needs."""
    elsewhere()


@app.steps
def timer(f: Steps) -> None:
    """Greets every time a schedule says so."""
    f.task("hello", hello)


app.schedule(timer, "@every 1m", name="demo-schedule")
