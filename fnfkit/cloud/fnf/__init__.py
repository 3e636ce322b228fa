"""Serverless Workflow: stored flows, their executions and their schedules."""
