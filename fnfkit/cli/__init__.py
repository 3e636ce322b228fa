"""The command line: the only package that has heard of every other one. Objects are made in `wiring`."""
