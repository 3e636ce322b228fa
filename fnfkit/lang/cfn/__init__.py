"""CloudFormation templates: the model as text, and what of a resource cannot change in place. Knows no cloud."""

from fnfkit.lang.cfn.schema import replaces
from fnfkit.lang.cfn.write import VERSION, write

__all__ = ["VERSION", "replaces", "write"]
