"""Function Compute, as much of it as flows need: functions from folders of code, run in process.

It knows the clock and may not know flows, executions or HTTP; only `target` knows what a task call is.
"""
