"""Doubles that tests and benchmarks share: the lifecycle in process, its machines, its faults, a gateway."""
