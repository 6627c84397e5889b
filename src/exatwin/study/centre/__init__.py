"""What a scenario asks of the scheduler: jobs, rules, windows, failures, caps; and the schedule of it."""
