"""Function Compute, as much of it as flows need: functions from folders of code, run in process."""
