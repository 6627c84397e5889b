"""A digital twin of exascale supercomputers and AI factories."""
