"""Takes a task over and answers with what it was given; somebody else reports the task's end."""


def handler(event, context):
    return event
