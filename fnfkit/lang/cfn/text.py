"""The model of a stack as CloudFormation text, and back.

Sections, references and functions are written as ROS writes them, so its reader and writer serve here too; the header
is another, and so are the names of types and pseudo parameters.
"""

from __future__ import annotations

import re

from fnfkit.lang import ros
from fnfkit.lang.ros.write import dumped
from fnfkit.model.stack import Template

VERSION = "2010-09-09"
"""The one template format version."""

_HEADER = re.compile(r"""^\s*["']?AWSTemplateFormatVersion["']?\s*:|["']Type["']?\s*:\s*["']?AWS::""", re.MULTILINE)
_ROS = "ROSTemplateFormatVersion"


def is_cfn(text: str) -> bool:
    """Whether a text looks like a CloudFormation template: its header, or a type of resource, says so."""
    return _HEADER.search(text) is not None


def read(text: str) -> Template | None:
    """The template of a text in YAML or JSON; None if it holds none. Functions that ROS has not become null."""
    return ros.read(text).template


def write(template: Template) -> str:
    """The YAML text of a template, functions in their long form, long text as blocks."""
    rest = {name: section for name, section in ros.document(template).items() if name != _ROS}
    return dumped({"AWSTemplateFormatVersion": VERSION, **rest})
