"""The nouns of fnfkit: frozen data that knows no text format, no I/O and no clock."""
