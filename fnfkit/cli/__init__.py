"""The command line: one file per command; objects are made in `wiring`."""
