"""The patterns: poll until done, and ask for a decision."""

from dataclasses import dataclass

from fnfkit import App, approval, elsewhere, fail, poll_until

app = App("approvals", service="fnf-demo")
requests = app.queue("requests")


@dataclass
class Report:
    id: str
    done: bool


@app.function
def get_report(id: str) -> Report:
    elsewhere()


@app.flow
def approvals(id: str) -> dict[str, object]:
    report = poll_until(lambda: get_report(id), lambda found: found.done, every=30)
    decision = approval(requests.timeout(86_400), {"report": report.id})
    if not decision.approved:
        fail("Rejected")
    return {"id": report.id, "comment": decision.comment}
