"""Amazon Web Services behind the same ports, over boto3 (the extra `aws`). It knows no other cloud."""

from fnfkit.aws.session import NoCredentials, Session, connect

__all__ = ["NoCredentials", "Session", "connect"]
