"""Parameters of templates (ros.md 2): their declarations, and the values callers give."""

from __future__ import annotations

import re

import orjson

from fnfkit.lang.ros.findings import Findings, kind
from fnfkit.model.json import Json
from fnfkit.model.patterns import WrongPattern, begins, check_pattern
from fnfkit.model.problem import Location
from fnfkit.model.stack import Parameter

TYPES = (
    *("String", "Number", "CommaDelimitedList", "Json", "Boolean"),
    *("ALIYUN::OOS::Parameter::Value", "ALIYUN::OOS::SecretParameter::Value"),
)
_FIELDS = {
    *("Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue"),
    *("NoEcho", "Description"),
}
_CONSOLE = {
    *("Confirm", "ConstraintDescription", "Label", "AssociationProperty", "AssociationPropertyMetadata"),
    *("TextArea", "Required", "Placeholder"),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")


class WrongParameter(ValueError):
    """A value that the declaration does not allow; the message says why."""


def read_parameter(name: str, raw: Json, findings: Findings) -> Parameter:
    """A declaration."""
    path: Location = ("Parameters", name)
    if not _NAME.match(name):
        findings.error("T12", path, f"`{name:.40}` is no parameter name", "use letters and digits, the first a letter")
    entry = findings.mapping(raw, path, f"the parameter {name}")
    findings.known(entry, _FIELDS | _CONSOLE, path, "a parameter")
    parameter = Parameter(
        name=name,
        type=_type(entry, path, findings),
        default=entry.get("Default"),
        has_default="Default" in entry,
        allowed_values=tuple(_list(entry, path, findings)),
        allowed_pattern=_pattern(entry, path, findings),
        min_length=_integer(entry, "MinLength", path, findings),
        max_length=_integer(entry, "MaxLength", path, findings),
        min_value=_number(entry, "MinValue", path, findings),
        max_value=_number(entry, "MaxValue", path, findings),
        no_echo=str(entry.get("NoEcho", False)).lower() == "true",
        description=entry.get("Description", ""),
        more={key: value for key, value in entry.items() if key in _CONSOLE},
    )
    if parameter.default is not None and not findings.problems:
        try:
            parameter_value(parameter, parameter.default)
        except WrongParameter as wrong:
            findings.error("T12", (*path, "Default"), f"the default of {name} {wrong}", "change it or the constraint")
    return parameter


def _type(entry: dict[str, Json], path: Location, findings: Findings) -> str:
    given = entry.get("Type")
    if given in TYPES:
        return str(given)
    message = f"the parameter {path[-1]} has " + ("no Type" if given is None else f"the unknown Type {given!r:.40}")
    findings.error("T12", (*path, "Type") if "Type" in entry else path, message, "use String, Number, Boolean or Json")
    return "String"


def _list(entry: dict[str, Json], path: Location, findings: Findings) -> list[Json]:
    given = entry.get("AllowedValues", [])
    if isinstance(given, list):
        return given
    findings.error("T12", (*path, "AllowedValues"), f"AllowedValues must be a list, not {kind(given)}")
    return []


def _pattern(entry: dict[str, Json], path: Location, findings: Findings) -> str:
    given = entry.get("AllowedPattern", "")
    try:
        check_pattern(str(given))
        return str(given)
    except WrongPattern as wrong:
        findings.error("T12", (*path, "AllowedPattern"), f"AllowedPattern is no regular expression to use: {wrong}")
        return ""


def _integer(entry: dict[str, Json], key: str, path: Location, findings: Findings) -> int | None:
    number = _number(entry, key, path, findings)
    return None if number is None else int(number)


def _number(entry: dict[str, Json], key: str, path: Location, findings: Findings) -> float | None:
    given = entry.get(key)
    try:
        return None if given is None else float(given)
    except (TypeError, ValueError):
        findings.error("T12", (*path, key), f"{key} must be a number, not {kind(given)}")
        return None


def parameter_value(parameter: Parameter, given: Json) -> Json:
    """The value a template sees for what a caller gives, or for the default. Raises `WrongParameter`.

    A default of null stands for an empty string and is not checked (ros.md 2).
    """
    if given is None:
        return ""
    value = _converted(parameter, given)
    if parameter.allowed_values and not any(_same(value, allowed) for allowed in parameter.allowed_values):
        raise WrongParameter(f"must be one of {', '.join(map(str, parameter.allowed_values))}")
    if isinstance(value, str):
        _check_text(parameter, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(parameter, value)
    return value


def _converted(parameter: Parameter, given: Json) -> Json:
    match parameter.type:
        case "Number":
            return _as_number(given)
        case "Boolean":
            if str(given).lower() in ("true", "false"):
                return str(given).lower() == "true"
            raise WrongParameter("must be true or false")
        case "CommaDelimitedList":
            return given if isinstance(given, list) else [part.strip() for part in str(given).split(",")]
        case "Json":
            return _as_json(given)
        case _:
            return _as_text(given)


def _as_number(given: Json) -> int | float:
    text = str(given).strip()
    try:
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    except ValueError:
        raise WrongParameter("must be a number") from None


def _as_json(given: Json) -> Json:
    if not isinstance(given, str):
        return given
    try:
        return orjson.loads(given)
    except ValueError:
        raise WrongParameter("must be JSON") from None


def _as_text(given: Json) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return given if isinstance(given, str) else orjson.dumps(given).decode()


def _same(value: Json, allowed: Json) -> bool:
    return bool(value == allowed or (not isinstance(value, bool) and str(value) == str(allowed)))


def _check_text(parameter: Parameter, value: str) -> None:
    least, most = parameter.min_length or 0, parameter.max_length
    if len(value) < least or (most is not None and len(value) > most):
        bounds = f"{least} to {most}" if most is not None else f"at least {least}"
        raise WrongParameter(f"must have {bounds} characters, not {len(value)}")
    try:
        if parameter.allowed_pattern and not begins(parameter.allowed_pattern, value):
            raise WrongParameter(f"must match {parameter.allowed_pattern}")
    except WrongPattern as wrong:
        raise WrongParameter(f"cannot be compared with its AllowedPattern: {wrong}") from None


def _check_number(parameter: Parameter, value: float) -> None:
    least, most = parameter.min_value, parameter.max_value
    if (least is not None and value < least) or (most is not None and value > most):
        raise WrongParameter(f"must be from {least} to {most}, not {value}")
