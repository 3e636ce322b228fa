"""Scenario 1: polling for the status of a task (scenarios.md 1)."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import Stage, log, printed, template, template_input

POLL = template("poll")
UNMAPPED = POLL.replace(
    """    inputMappings:
      - target: status
        source: $local.job_status
      - target: try_count
        source: $local.try_count
    choices:""",
    "    choices:",
).replace("$.status", "$.job_status")


@pytest.mark.parametrize("definition", [POLL, UNMAPPED], ids=["mapped", "without mappings"])
@pytest.mark.parametrize(
    ("delay", "polls", "status"),
    [(20, 4, "Succeeded"), (60, 4, "Failed"), (5, 2, "Succeeded")],
)
def test_how_often_a_job_is_polled(stage: Stage, definition: str, delay: int, polls: int, status: str) -> None:
    story = stage.play(definition, {"delay": delay})
    assert story.status == status
    assert story.times("TaskSucceeded", "GetJobStatus") == [10.0 * poll for poll in range(1, polls + 1)]
    last = story.details("TaskSucceeded", "GetJobStatus")[-1]["output"]
    assert last["try_count"] == polls  # type: ignore[index]
    assert story.error == ("" if status == "Succeeded" else "JobFailed")
    assert story.path[-1] == ("JobSucceeded" if status == "Succeeded" else "JobFailed")


def test_the_inputs_of_the_template_end_as_its_readme_says(stage: Stage) -> None:
    assert stage.play(POLL, template_input("poll")).status == "Succeeded"


def test_the_slow_input_of_the_template_ends_as_its_readme_says(stage: Stage) -> None:
    story = stage.play(POLL, template_input("poll", "input-slow-job.json"))
    assert (story.status, story.elapsed) == ("Failed", 40)


def test_the_mapping_of_the_choice_was_removed_for_the_other_definition() -> None:
    assert "$local.job_status" not in UNMAPPED
    assert UNMAPPED.count("$.job_status") == 2


def test_the_printed_log_of_the_first_loop(stage: Stage) -> None:
    story = stage.play(POLL, {"delay": 20})
    task = ("StepEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "StepExited")
    other = ("StepEntered", "StepStarted", "StepSucceeded", "StepExited")
    steps = [
        *((type, "StartJob") for type in task),
        *((type, "Init") for type in other),
        *((type, "Wait10s") for type in other),
        *((type, "GetJobStatus") for type in task),
        *((type, "CheckJobComplete") for type in other),
        ("StepEntered", "Wait10s"),
        ("StepStarted", "Wait10s"),
    ]
    assert log(story, 1, 25) == [(1, "ExecutionStarted", ""), *((id, *step) for id, step in enumerate(steps, 2))]
    (exited,) = (event for event in story.history if event.id == 19)
    local = exited.detail["local"]
    assert (set(local), local["job_status"], local["try_count"]) == (
        {"job_id", "job_status", "try_count"},
        "running",
        1,
    )
    assert local["job_id"] == story.details("TaskSucceeded", "StartJob")[0]["output"]["job_id"]  # type: ignore[index]


def test_every_event_is_scheduled_by_the_one_before(stage: Stage) -> None:
    events = stage.play(POLL, {"delay": 20}).history
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.scheduled_by for event in events] == list(range(len(events)))


@pytest.mark.parametrize("delay", [5, 20, 60, 10_000])
def test_the_printed_definition_wrongly_succeeds_after_the_first_poll(stage: Stage, delay: int) -> None:
    story = stage.play(printed("poll.fdl.yml"), {"delay": delay})
    assert story.status == "Succeeded"
    assert story.count("TaskSucceeded", "GetJobStatus") == 1
    assert story.output["job_status"] == "running"
    assert story.path[-2:] == ["CheckJobComplete", "JobSucceeded"]


def test_a_second_execution_finds_the_function_warm(stage: Stage) -> None:
    """The instance's load time is the first poll of the first execution, so a later job seems to be done sooner."""
    assert stage.play(POLL, {"delay": 20}).count("TaskSucceeded", "GetJobStatus") == 4
    assert stage.play(POLL, {"delay": 20}).count("TaskSucceeded", "GetJobStatus") == 1


@pytest.mark.durable
@pytest.mark.parametrize("polls", [1, 2, 3])
def test_polling_goes_on_after_a_restart(stage: Stage, polls: int) -> None:
    """A new process has a new instance of the function, whose time starts again, so the job is never done in time."""
    name = stage.begin(POLL, {"delay": 60})
    stage.cloud.run_until(lambda: stage.seen(name, "TaskSucceeded", "GetJobStatus", polls))
    before = stage.story(name).history
    stage.harness.restart()
    story = stage.story(name)
    assert story.history == before
    stage.cloud.run_until_idle()
    assert story.history[: len(before)] == before
    assert (story.status, story.count("TaskSucceeded", "GetJobStatus")) == ("Failed", 4)
    assert story.times("TaskSucceeded", "GetJobStatus") == [10, 20, 30, 40]
    assert story.count("TaskSucceeded", "StartJob") == 1
