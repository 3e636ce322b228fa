"""CloudFormation templates: text to model and back, and what of a resource cannot change in place. Knows no cloud."""

from fnfkit.lang.cfn.schema import replaces
from fnfkit.lang.cfn.text import VERSION, is_cfn, read, write

__all__ = ["VERSION", "is_cfn", "read", "replaces", "write"]
