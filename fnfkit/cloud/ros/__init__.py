"""Resource Orchestration: stacks of the embedded account. It knows templates and the account's services, no HTTP."""
