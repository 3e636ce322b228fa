"""HTTP in front of an embedded account."""
