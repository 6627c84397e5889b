"""The version of exatwin."""

__version__ = "0.1.0"
