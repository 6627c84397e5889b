"""When and where each job runs."""
