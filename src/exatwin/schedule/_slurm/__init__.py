"""The compiled event loop of Slurm's scheduler: arrays in, starts and nodes out."""
