"""Modules of the code folder: private to an instance, with nothing left behind in the host."""

from __future__ import annotations

import logging
import sys

from tests.fc.conftest import Lab


def test_siblings_packages_and_relative_imports(lab: Lab) -> None:
    lab.deploy(
        """
        import shop
        import shop.stock as stock
        from shop import prices, stock as same
        from shop.deep.nest import DEEP
        from helper import *
        import os.path, logging.handlers
        from os.path import join
        def handler(event, context):
            from late import LATE
            return [shop.NAME, stock.count(), same is stock, prices.PRICE, DEEP, HELP, LATE, join("a", "b"),
                    os.path.basename("/x/y"), logging.handlers.SYSLOG_UDP_PORT, __name__, shop.stock.__name__]
        """,
        **{
            "helper": "HELP = 'help'\n",
            "late": "LATE = 'late'\n",
            "shop.__init__": "NAME = 'shop'\n",
            "shop.stock": "from . import prices\nfrom .deep import nest\ndef count(): return prices.PRICE + 1\n",
            "shop.prices": "PRICE = 4\n",
            "shop.deep.__init__": "",
            "shop.deep.nest": "from ..prices import PRICE\nDEEP = PRICE * 2\n",
        },
    )
    assert lab.call() == ["shop", 5, True, 4, 8, "help", "late", "a/b", "y", 514, "index", "shop.stock"]


def test_two_functions_with_modules_of_one_name_do_not_meet(lab: Lab) -> None:
    source = "import helper\ndef handler(event, context):\n    return {'who': helper.WHO}\n"
    lab.deploy(source, "one", helper="WHO = 1\n")
    lab.deploy(source, "two", helper="WHO = 2\n")
    assert [lab.call(name="one"), lab.call(name="two")] == [{"who": 1}, {"who": 2}]


def test_nothing_leaks_into_the_host(lab: Lab) -> None:
    before = set(sys.modules), list(sys.path), logging.getLogger().level, list(logging.getLogger().handlers)
    lab.deploy(
        """
        import sys, os, logging, json
        import only_here
        sys.path.insert(0, "lib")
        import in_lib
        os.environ["LEAK"] = "1"
        logging.basicConfig(level=logging.DEBUG)
        sys.modules["smuggled"] = sys
        def handler(event, context):
            return [only_here.X, in_lib.Y, os.environ["LEAK"], sys.modules["json"] is json, sys.modules["only_here"].X]
        """,
        only_here="X = 1\n",
        **{"lib.in_lib": "Y = 2\n"},
    )
    assert lab.call() == [1, 2, "1", True, 1]
    after = set(sys.modules), list(sys.path), logging.getLogger().level, list(logging.getLogger().handlers)
    assert after == before
    assert not list(lab.folder.rglob("__pycache__"))


def test_dataclasses_with_postponed_annotations_work(lab: Lab) -> None:
    lab.deploy("""
        from __future__ import annotations
        from dataclasses import asdict, dataclass
        from typing import ClassVar
        @dataclass
        class Job:
            id: str
            kind: ClassVar[str] = "job"
        def handler(event, context):
            return asdict(Job("7"))
    """)
    assert lab.call() == {"id": "7"}


def test_new_code_takes_effect_with_a_new_deployment(lab: Lab) -> None:
    lab.deploy("def handler(event, context):\n    return {'v': 1}\n")
    assert lab.call() == {"v": 1}
    lab.deploy("def handler(event, context):\n    return {'v': 2}\n")
    assert lab.call() == {"v": 2}


def test_handler_strings_with_folders_and_an_initializer(lab: Lab) -> None:
    code = lab.write(
        "", **{"src.main": "ready = []\ndef init(c): ready.append(c.function.name)\ndef run(e, c): return ready\n"}
    )
    lab.functions.deploy("lab", "f", code=code, handler="src/main.run", initializer="src/main.init")
    assert [lab.call(), lab.call()] == [["f"], ["f"]]


def test_exit_does_not_close_the_hosts_standard_input(lab: Lab) -> None:
    lab.deploy("def handler(event, context):\n    exit()\n")
    lab.error()
    assert not sys.stdin.closed
