"""The benchmarks: each of our parts beside its floor and its peer, in the same run. Nothing here asserts a time."""
