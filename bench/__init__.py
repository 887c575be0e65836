"""Benchmarks, run by `make bench`; what they measured stands in bench/results/."""
