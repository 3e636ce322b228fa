"""The ports over the official SDKs. It has never heard of the embedded account."""
