"""Text to model and back. Languages know the model; they have never heard of engines, clouds or files."""
