"""A project as a CloudFormation template: the same graph and packages, with the flow as Amazon States Language."""

from fnfkit.deploy.aws.synth import BUCKET, synth

__all__ = ["BUCKET", "synth"]
