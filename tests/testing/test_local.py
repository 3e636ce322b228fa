"""`LocalCloud`: deploying, running, stubs, single steps, failures that explain themselves, pages, SDKs over HTTP."""

from __future__ import annotations

import json
import re
import threading
import time
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from fnfkit import FC
from fnfkit.aliyun import AliyunFlows, Key, Session
from fnfkit.testing import LocalCloud, error
from fnfkit.testing.run import ExpectationFailed
from fnfkit.testing.sources import CannotRead
from fnfkit.testing.stubs import StubMisuse
from tests.testing.flows import ASK, BOOKED, CALL, CALLBACK, FUNCTIONS, POLL, TRANSACTION, app, doubled, price, quote


def test_the_documented_functions_run_on_virtual_time(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    run = cloud.run("poll", delay=999)
    assert (run.status, run.error) == ("Failed", "JobFailed")
    assert run.entered("Wait10s") == 4
    assert run.elapsed == cloud.elapsed == 40
    assert [call.event["try_count"] for call in run.calls("GetJobStatus")] == [0, 1, 2, 3]


def test_a_cloud_needs_no_pytest() -> None:
    with LocalCloud() as cloud:
        cloud.stub("Operation", {})
        assert cloud.run(TRANSACTION, BOOKED).path == [
            "BuyTrainTicket",
            "ReserveFlight",
            "ReserveHotel",
            "OrderSucceeded",
        ]


def test_an_app_with_stubs_and_code_of_its_own(cloud: LocalCloud) -> None:
    cloud.deploy(app, stubs={price: {"price": 21}})
    run = cloud.run(quote, item="chair")
    run.expect(status="Succeeded", output={"price": 42}, elapsed=5, calls={"price": 1, "doubled": 1})
    assert run.calls(doubled)[0].event == {"price": 21}
    assert run.calls("harness/price")[0].event == {"item": "chair"}


def test_answers_in_turn_and_then_no_more(cloud: LocalCloud) -> None:
    answers = cloud.stub("f", error("FC.ResourceThrottled"), {"n": 1}, {"n": 2})
    assert cloud.run(CALL).output == {"n": 1}
    assert cloud.run(CALL).output == {"n": 2}
    assert answers.calls == 3
    with pytest.raises(StubMisuse, match="3 answers and was called once more"):
        cloud.run(CALL)


@pytest.mark.parametrize("failure", [FC.Unknown("died"), FC.Unknown, error("FC.Unknown"), SystemExit])
def test_exceptions_become_the_errors_of_the_flow(cloud: LocalCloud, failure: object) -> None:
    cloud.stub("s/f", failure)
    run = cloud.run(CALL)
    assert run.path == ["Call", "Recovered"]
    assert run.calls()[0].error == "FC.Unknown"


def test_latency_is_virtual_time(cloud: LocalCloud) -> None:
    cloud.stub("f", {"n": 1}, latency=12)
    assert cloud.run(CALL).elapsed == 12
    cloud.stub("f", {"n": 1}, latency=31)
    assert cloud.run(CALL).elapsed == 3 * 30 + 1 + 2, "two retries after timeouts, one second and two between them"


@pytest.mark.parametrize("wrong", [{"price": "21"}, {}, {"price": None}, 3])
def test_a_stub_gives_what_the_function_declares(cloud: LocalCloud, wrong: object) -> None:
    cloud.stub(price, wrong)
    with pytest.raises(StubMisuse, match="what price never returns"):
        cloud.run(quote, item="chair")


def test_one_step_alone(cloud: LocalCloud) -> None:
    cloud.stub("Operation", {"reserve_hotel": "success"})
    good = cloud.step(TRANSACTION, "ReserveHotel", input={"reserve_hotel_result": 7}, local={"kept": 1})
    assert good.output == {"kept": 1, "reserve_hotel": "success"}
    assert good.calls()[0].event == {"operation": "reserve_hotel", "reserve_hotel": 7}
    cloud.stub("Operation", error("FC.Unknown"))
    bad = cloud.step(TRANSACTION, "ReserveHotel", input={"reserve_hotel_result": 7}, local={"kept": 1})
    assert (bad.path[-1], bad.output, bad.elapsed) == ("CancelFlight", {"kept": 1}, 7)


def test_a_step_that_is_not_there(cloud: LocalCloud) -> None:
    with pytest.raises(CannotRead, match="no step Nope; its steps are: BuyTrainTicket, ReserveFlight"):
        cloud.step(TRANSACTION, "Nope")


def test_a_flow_that_is_not_there(cloud: LocalCloud) -> None:
    cloud.deploy(POLL)
    with pytest.raises(CannotRead, match="no flow pool here; deployed are: poll"):
        cloud.run("pool")
    with pytest.raises(CannotRead, match=r"E0\d .*type"):
        cloud.run("version: v1\nsteps: []\n")
    with pytest.raises(CannotRead, match="cannot be read"):
        cloud.run(Path("nowhere.fdl.yml"))


def test_a_changed_definition_replaces_the_old_one(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    assert cloud.run(CALL).path == ["Call", "Done"]
    assert cloud.run(CALL.replace("name: Done", "name: Finished")).path == ["Call", "Finished"]


def test_callbacks_are_reported_by_the_run(cloud: LocalCloud) -> None:
    cloud.deploy(CALLBACK, functions=FUNCTIONS)
    waiting = cloud.run("callback")
    assert (waiting.status, waiting.count("TaskSubmitted")) == ("Running", 1)
    assert waiting.succeed({"status": "ok"}).output == {"s": "ok"}
    failed = cloud.run("callback").fail("Refused", "no")
    assert (failed.status, failed.error, failed.cause) == ("Failed", "Refused", "no")
    with pytest.raises(ExpectationFailed, match="waits for a callback"):
        failed.token("nothing")


def test_a_failed_expectation_says_everything_at_once(cloud: LocalCloud) -> None:
    cloud.stub("f", error("FC.Unknown"))
    with pytest.raises(ExpectationFailed) as failed:
        cloud.run(CALL).expect(status="Failed", output={"n": 1}, path=["Call", "Done"], calls={"f": 2})
    text = str(failed.value)
    assert "status: expected 'Failed', found 'Succeeded'" in text
    assert "path: expected ['Call', 'Done'], found ['Call', 'Recovered']" in text
    assert "calls: expected {'f': 2}, found {'f': 1}" in text
    assert re.search(r"^ 5 +0\.000  TaskFailed +Call +FC\.Unknown", text, re.MULTILINE)


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_the_path_and_needs_no_network(cloud: LocalCloud, tmp_path: Path) -> None:
    evil = "<script>alert('x')</script><img src=//evil/ onerror=alert(1)>"
    cloud.stub("f", {"note": evil})
    page = Page(cloud.run(CALL, {"given": evil}).report(tmp_path / "deep" / "run.html").read_text("utf-8"))
    assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [attributes for _, attributes in page.tags for name in attributes if name in ("src", "href", "onerror")]
    assert page.text.count(evil) >= 2
    boxes = [attributes["class"] for tag, attributes in page.tags if tag == "g"]
    assert boxes == ["hit", "hit", "miss"]
    assert "url(" not in page.text


def test_two_clouds_that_are_told_the_same_do_the_same() -> None:
    def story() -> str:
        with LocalCloud(seed=7) as cloud:
            cloud.deploy(TRANSACTION, functions=FUNCTIONS)
            run = cloud.run("transaction", BOOKED | {"reserve_hotel_result": False})
            return json.dumps([[event.id, event.type, event.time, event.detail] for event in run.history])

    assert story() == story()
    assert "txnID" in story()


def test_another_seed_makes_other_ids() -> None:
    def ids(seed: int) -> object:
        with LocalCloud(seed=seed) as cloud:
            cloud.deploy(TRANSACTION, functions=FUNCTIONS)
            return cloud.run("transaction", BOOKED).output

    assert ids(1) == ids(1) != ids(2)


def test_several_sdk_clients_in_threads_share_virtual_time(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    statuses: list[str] = []
    with cloud.serve() as endpoint:
        assert endpoint.url == f"http://{endpoint.host}"

        def client(number: int) -> None:
            key = Key(endpoint.access_key_id, endpoint.access_key_secret)
            flows = AliyunFlows(Session(key, region=endpoint.region, endpoint=endpoint.url))
            flows.start_execution("poll", name=f"client-{number}", input='{"delay": 20}')
            statuses.append(flows.describe_execution("poll", f"client-{number}", wait_seconds=60).status)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == ["Succeeded"] * 3
    assert cloud.elapsed < 200


@pytest.mark.target("served")
def test_the_same_test_over_http(cloud: LocalCloud) -> None:
    cloud.deploy(POLL, functions=FUNCTIONS)
    assert type(cloud.flows).__module__ == "fnfkit.aliyun.flows"
    cloud.run("poll", delay=20).expect(status="Succeeded", elapsed=40)


@pytest.mark.throttling
def test_rate_limits_on_demand(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    run = cloud.start(CALL)
    statuses = []
    with pytest.raises(Exception, match="throttled"):
        for _ in range(60):
            statuses.append(cloud.flows.describe_execution("flow", run.name).status)
    assert len(statuses) == 50
    assert run.status == "Starting", "a test looks at its runs as often as it likes"


@pytest.mark.latency(3)
def test_latency_by_marker(cloud: LocalCloud) -> None:
    cloud.stub("f", {})
    assert cloud.run(CALL).elapsed == 3


def test_inputs_are_given_in_one_way(cloud: LocalCloud) -> None:
    with pytest.raises(TypeError, match="not both"):
        cloud.run(CALL, {"a": 1}, b=2)


def test_the_queue_and_the_history_fixtures(cloud, queue, history, clock, run_flow) -> None:  # type: ignore[no-untyped-def]
    jobs = queue("jobs", visibility_timeout=5)
    assert run_flow(ASK, key=0).error == "FnF.TaskTimeout", "nobody took the message within ten minutes"
    jobs.delete(jobs.receive())
    began = clock.now
    run = cloud.start(ASK, key=1)
    clock.advance(1)
    message = jobs.receive()
    assert json.loads(message.body)["key"] == 1
    assert jobs.receive() is None
    clock.advance(5)
    again = jobs.receive()
    assert (again.id, again.dequeue_count, len(jobs)) == (message.id, 2, 1)
    jobs.delete(again)
    assert len(jobs) == 0
    assert history(run) == run.history
    recorded = json.dumps({"Events": [{"EventId": 1, "Type": "ExecutionStarted", "Time": "2020-01-01T00:00:00Z"}]})
    assert [event.time for event in history(recorded)] == [1_577_836_800_000]
    assert (clock.now - began, clock.elapsed) == (6_000, 606)


@pytest.mark.parametrize("deployed", [True, False])
@pytest.mark.parametrize("spelled", ["price", "harness/price"])
def test_a_stub_by_name_gives_what_the_function_declares_too(cloud: LocalCloud, spelled: str, deployed: bool) -> None:
    if deployed:
        cloud.deploy(app)
    cloud.stub(spelled, {"price": "21"})
    if not deployed:
        cloud.deploy(app)
    with pytest.raises(StubMisuse, match=r"what price never returns: the result\.price is str, expected int"):
        cloud.run(quote, item="chair")


def test_misspelt_inputs_and_backward_time_are_refused(cloud: LocalCloud) -> None:
    cloud.deploy(app, stubs={price: {"price": 1}})
    with pytest.raises(TypeError, match=r"flow quote: missing a required argument: 'item'; .* give one object"):
        cloud.run(quote, itm="chair")
    assert cloud.run(quote, {"itm": "chair"}).error == "FnF.RuntimeError"
    with pytest.raises(ValueError, match="time does not go back"):
        cloud.advance(-1)
    with pytest.raises(ValueError, match="no less than 0"):
        cloud.stub(price, {"price": 1}, latency=-1)


def test_a_page_of_many_steps_is_made_at_once(cloud: LocalCloud, tmp_path: Path) -> None:
    names = [f"Step{number}" for number in range(900)]
    steps = "".join(f"  - {{type: pass, name: {name}}}\n" for name in names)
    run = cloud.run(f"version: v1\ntype: flow\nsteps:\n{steps}")
    began = time.process_time()
    text = run.report(tmp_path / "run.html").read_text("utf-8")
    assert time.process_time() - began < 2
    assert all(f"{one} -&gt; {other}: 1<" in text for one, other in pairwise(names))


def test_a_function_in_another_language_says_what_to_do(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("exports.handler = (event, context, callback) => callback(null, '{}')")
    cloud.function("s", "f", tmp_path)
    run = cloud.run(CALL)
    assert "'nodejs16' is only run in processes: stub it, or use fnfkit dev --runtime subprocess" in str(run.cause)
    cloud.stub("s/f", {"n": 1})
    assert cloud.run(CALL).output == {"n": 1}
