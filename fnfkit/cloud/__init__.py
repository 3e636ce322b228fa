"""The embedded account: service cores around one lock, one clock and one store. It has never heard of HTTP."""
