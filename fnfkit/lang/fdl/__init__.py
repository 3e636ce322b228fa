"""FDL v1 and v1beta1 (fdl.md)."""
