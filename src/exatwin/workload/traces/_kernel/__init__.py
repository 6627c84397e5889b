"""Kernels that turn the bytes of logs into columns of numbers."""
