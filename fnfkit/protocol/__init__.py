"""What is on the wire, for either side; pure, and without any service's state."""
