"""Amazon Web Services behind the same ports, over boto3 (the extra `aws`). It knows no other cloud."""

from fnfkit.aws.flows import StepFunctionsFlows
from fnfkit.aws.functions import LambdaFunctions
from fnfkit.aws.queues import SqsQueues
from fnfkit.aws.session import NoCredentials, Session, connect
from fnfkit.aws.topics import SnsTopics

__all__ = ["LambdaFunctions", "NoCredentials", "Session", "SnsTopics", "SqsQueues", "StepFunctionsFlows", "connect"]
