"""The Message Service core: queues, topics, and the targets of message tasks. It knows no HTTP and no XML in."""
