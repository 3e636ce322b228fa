"""The speed of fnfkit beside its peers, as ratios in one run: `python -m benchmarks [WORKLOAD ...]`."""
