"""Benchmarks: each figure beside the raw limit that was measured in the same run."""
