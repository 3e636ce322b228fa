"""The model of a stack as CloudFormation text.

Sections, references and functions are written as ROS writes them, and its reader understands them; the header is
another, and so are the names of types and pseudo parameters.
"""

from __future__ import annotations

from fnfkit.lang import ros
from fnfkit.lang.ros.write import dumped
from fnfkit.model.stack import Template

VERSION = "2010-09-09"
"""The one template format version."""

_ROS = "ROSTemplateFormatVersion"


def write(template: Template) -> str:
    """The YAML text of a template, functions in their long form, long text as blocks."""
    rest = {name: section for name, section in ros.document(template).items() if name != _ROS}
    return dumped({"AWSTemplateFormatVersion": VERSION, **rest})
