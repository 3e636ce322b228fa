"""The data-flow checker: what every value of a flow can look like at every step. It runs nothing and reads no text."""
