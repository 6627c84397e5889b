"""What is asked of a machine: jobs, and what they do while they run."""
