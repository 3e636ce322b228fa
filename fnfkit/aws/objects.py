"""S3, the little of it that deployment needs: a place for code that templates name."""

from __future__ import annotations

from fnfkit.aws.session import Session
from fnfkit.ports import Fault

_NO_LOCATION = "us-east-1"
"""The region that CreateBucket takes no location for."""


class AwsObjects:
    """S3 in the session's region; implements `fnfkit.ports.Objects`. Every method raises `Fault`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client("s3")

    def create_bucket(self, bucket: str) -> None:
        """CreateBucket, private as all new buckets are; one of the caller's own that is there already is no fault."""
        region = self._session.region
        where = {} if region == _NO_LOCATION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            with self._session.faults(f"CreateBucket {bucket}"):
                self._client.create_bucket(Bucket=bucket, **where)
        except Fault as fault:
            if fault.code != "BucketAlreadyOwnedByYou":
                raise

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """PutObject."""
        with self._session.faults(f"PutObject {bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        """GetObject."""
        with self._session.faults(f"GetObject {bucket}/{key}"):
            return bytes(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def delete(self, bucket: str, key: str) -> None:
        """DeleteObject."""
        with self._session.faults(f"DeleteObject {bucket}/{key}"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def url(self, bucket: str, key: str) -> str:
        """Where CloudFormation finds an object."""
        host: str = self._client.meta.endpoint_url.removeprefix("https://")
        return f"{self._client.meta.endpoint_url}/{bucket}/{key}" if "://" in host else f"https://{bucket}.{host}/{key}"
