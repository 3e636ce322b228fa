"""Cloud time inside handlers: sleeping costs no wall time, and everyone agrees on what time it is."""

from __future__ import annotations

import time

from tests.fc.conftest import START, Lab


def test_every_clock_of_the_handler_is_the_clouds(lab: Lab) -> None:
    lab.deploy("""
        import datetime, time
        from datetime import date, datetime as dt, timezone
        from time import sleep
        def handler(event, context):
            sleep(2.5)
            moment = dt(2020, 9, 13, 12, 26, 42, 500000)
            return {
                "time": time.time(), "ns": time.time_ns(), "monotonic": time.monotonic(),
                "now": dt.now().isoformat(), "utc": datetime.datetime.now(timezone.utc).isoformat(),
                "utcnow": dt.utcnow() == moment, "today": str(date.today()), "day": str(dt.today().date()),
                "local": time.strftime("%H:%M:%S %Z"), "hour": time.localtime().tm_hour, "ctime": time.ctime(),
                "stamp": moment.timestamp(), "make": time.mktime(time.gmtime()), "tz": time.timezone,
                "is": [isinstance(moment, dt), isinstance(moment, datetime.date), isinstance(date.today(), dt)],
                "back": str(dt.fromtimestamp(0)), "asc": time.asctime(),
            }
    """)
    at = START / 1000 + 2.5
    assert lab.call() == {
        "time": at,
        "ns": round(at * 1e9),
        "monotonic": at,
        "now": "2020-09-13T12:26:42.500000",
        "utc": "2020-09-13T12:26:42.500000+00:00",
        "utcnow": True,
        "today": "2020-09-13",
        "day": "2020-09-13",
        "local": "12:26:42 GMT",
        "hour": 12,
        "ctime": "Sun Sep 13 12:26:42 2020",
        "asc": "Sun Sep 13 12:26:42 2020",
        "stamp": at,
        "make": float(int(at)),
        "tz": 0,
        "is": [True, True, False],
        "back": "1970-01-01 00:00:00",
    }


def test_cloud_datetimes_can_be_pickled_and_copied(lab: Lab) -> None:
    lab.deploy("""
        import copy, pickle
        from datetime import date, datetime, timedelta
        def handler(event, context):
            now, day = datetime.now(), date.today()
            return {"pickle": pickle.loads(pickle.dumps(now)) == now, "copy": copy.deepcopy(day) == day,
                    "math": str(now + timedelta(days=1) - now)}
    """)
    assert lab.call() == {"pickle": True, "copy": True, "math": "1 day, 0:00:00"}


def test_handlers_sleep_side_by_side_and_wake_in_due_order(lab: Lab) -> None:
    lab.deploy("""
        import json, time
        def handler(event, context):
            time.sleep(json.loads(event)["seconds"])
            return {"woke": time.time()}
    """)
    order: list[int] = []
    for seconds in (60, 30, 10):
        found = lab.functions.find("lab", "", "f")
        event = b'{"seconds": %d}' % seconds
        lab.functions.start(found, event, lambda _, seconds=seconds: order.append(seconds))  # type: ignore[arg-type, misc]
    started = time.perf_counter()
    lab.loop.run_until(lambda: len(order) == 3)
    assert order == [10, 30, 60]
    assert lab.clock.now() == START + 60_000
    assert time.perf_counter() - started < 5


def test_a_busy_instance_takes_no_second_call(lab: Lab) -> None:
    lab.deploy("""
        import time
        loaded = time.time()
        def handler(event, context):
            time.sleep(5)
            return {"loaded": loaded}
    """)
    first = lab.start()
    lab.loop.advance(1)
    second = lab.start()
    lab.loop.run_until(lambda: bool(second))
    at = START / 1000
    assert (first[0].body, second[0].body) == (b'{"loaded": %.1f}' % at, b'{"loaded": %.1f}' % (at + 1))


def test_a_function_is_cut_off_at_its_timeout(lab: Lab) -> None:
    lab.deploy(
        """
        import time
        def handler(event, context):
            try:
                time.sleep(3600)
            except BaseException:
                pass
            return {"survived": True}
        """,
        timeout=3,
    )
    assert lab.error() == {"errorMessage": "Function timed out after 3 seconds (maxMemoryUsage: 0.00MB)"}
    assert lab.clock.now() == START + 3_000


def test_sleeping_until_the_very_timeout_is_allowed(lab: Lab) -> None:
    lab.deploy("import time\ndef handler(event, context):\n    time.sleep(3)\n    return {}\n", timeout=3)
    assert lab.call() == {}


def test_watching_the_clock_without_sleeping_ends(lab: Lab) -> None:
    lab.deploy("""
        import time
        def handler(event, context):
            end = time.time() + 0.02
            while time.time() < end:
                pass
            return {}
    """)
    assert lab.call() == {}
    assert lab.clock.now() == START + 20


def test_a_negative_sleep_is_refused_as_usual(lab: Lab) -> None:
    lab.deploy("import time\ndef handler(event, context):\n    time.sleep(-1)\n")
    assert lab.error()["errorType"] == "ValueError"


def test_closing_runs_the_clean_up_of_sleeping_handlers(lab: Lab) -> None:
    lab.deploy("""
        import time
        def handler(event, context):
            try:
                time.sleep(3600)
            finally:
                print("cleaned up")
    """)
    answers = lab.start()
    lab.functions.close()
    assert answers == []
    assert [line.text for line in lab.functions.log] == ["cleaned up"]
