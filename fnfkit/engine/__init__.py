"""The interpreter: pure, it knows no text format, no HTTP and no clock; time comes in with each event."""
