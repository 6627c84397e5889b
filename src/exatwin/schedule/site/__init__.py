"""A centre's own files: ``slurm.conf``, and its accounts, users and QOS as ``sacctmgr`` writes them."""
