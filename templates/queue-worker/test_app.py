"""The flow on an account in this process: `python -m pytest`."""

import json
from pathlib import Path

from app import app, queue_worker

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def test_three_tasks_are_worked_on_one_after_the_other() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.start(queue_worker)
        for _ in range(3):
            cloud.run_until_idle()
            message = cloud.queues.receive_message("fnf-demo")
            task = json.loads(message.body)
            cloud.flows.report_task_succeeded(task["task_token"], json.dumps({"key": task["key"]}))
            cloud.queues.delete_message("fnf-demo", message.receipt_handle)
        cloud.run_until_idle()
        assert run.path == ["Task_1", "Task_2", "Task_3"]
        assert run.output == {"key": "value"}
