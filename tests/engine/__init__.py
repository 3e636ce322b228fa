"""Tests of the interpreter, and the driver that other tests of flows may use."""
