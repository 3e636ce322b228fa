"""ROS templates: text to model and back, validation, and the Serverless transform. Knows no cloud."""

from fnfkit.lang.ros.findings import Reading
from fnfkit.lang.ros.localize import Sources, local_files, localized
from fnfkit.lang.ros.naming import named, taken_for_granted
from fnfkit.lang.ros.parameters import WrongParameter, parameter_value
from fnfkit.lang.ros.read import read
from fnfkit.lang.ros.references import creation_order, dependencies, references
from fnfkit.lang.ros.serverless import DATA_ZIP, Expansion, expand
from fnfkit.lang.ros.shared import SECTION as SHARED
from fnfkit.lang.ros.validate import validate
from fnfkit.lang.ros.write import document, write, write_json

__all__ = [
    "DATA_ZIP",
    "SHARED",
    "Expansion",
    "Reading",
    "Sources",
    "WrongParameter",
    "creation_order",
    "dependencies",
    "document",
    "expand",
    "local_files",
    "localized",
    "named",
    "parameter_value",
    "read",
    "references",
    "taken_for_granted",
    "validate",
    "write",
    "write_json",
]
