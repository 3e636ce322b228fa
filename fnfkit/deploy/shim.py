"""What a function of a project in Python takes along, so that the cloud needs no fnfkit: a handler, and a small package
of that name in which declarations declare nothing and functions stay what they are.

Errors and the conversion of values are the very modules of this package; the texts here run on Python 3.10.
"""

from __future__ import annotations

import inspect

from fnfkit.dsl import failures, values
from fnfkit.model import json as json_model
from fnfkit.model.flow import ANY_ERROR

MODULE = "fnfkit_handler"
HANDLER = f"{MODULE}.handler"

_HANDLER = '''"""Calls {name} of {module} with the keys of the event as its arguments."""

import inspect
import json
import typing

from fnfkit.dsl.failures import CloudError, caught
from fnfkit.dsl.values import from_json, to_json
from {module} import {name} as body

hints = typing.get_type_hints(body)
kinds = [parameter.kind for parameter in inspect.signature(body).parameters.values()]
names = list(inspect.signature(body).parameters)


def handler(event, context):
    given = json.loads(event or b"{{}}")
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        given = {{name: given[name] for name in names if name in given}}
    try:
        result = body(**{{name: from_json(hints.get(name), value) for name, value in given.items()}})
    except CloudError as error:
        told = caught(error)
        cause = told.cause if isinstance(told.cause, str) else json.dumps(told.cause)
        raise type(told.error, (Exception,), {{}})(cause) from error
    return json.dumps(to_json(result))
'''

_PACKAGE = '''"""Stands in for fnfkit where functions run: what declares flows does nothing here."""

from fnfkit.dsl.failures import FC, CloudError, FlowFailed, FnF, caught


class Inert:
    """Anything that only means something while flows are compiled."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Inert()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __getitem__(self, key):
        return Inert()

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return Inert()

    def __exit__(self, *raised):
        return None

    def _binary(self, other):
        return Inert()

    __or__ = __ror__ = __and__ = __rand__ = __add__ = __radd__ = __sub__ = __rsub__ = _binary
    __lt__ = __le__ = __gt__ = __ge__ = _binary


class App(Inert):
    """A project, of which only the functions matter."""

    def function(self, body=None, /, **options):
        return (lambda function: function) if body is None else body


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Inert()
'''


def files(module: str, name: str) -> dict[str, bytes]:
    """The files that make `name` of `module` a function of the cloud, beside the project's own."""
    texts = {
        f"{MODULE}.py": _HANDLER.format(module=module, name=name),
        "fnfkit/__init__.py": _PACKAGE,
        "fnfkit/dsl/__init__.py": "",
        "fnfkit/dsl/failures.py": inspect.getsource(failures),
        "fnfkit/dsl/values.py": inspect.getsource(values),
        "fnfkit/model/__init__.py": "",
        "fnfkit/model/flow.py": f"ANY_ERROR = {ANY_ERROR!r}\n",
        "fnfkit/model/json.py": inspect.getsource(json_model),
    }
    return {path: text.encode() for path, text in texts.items()}
