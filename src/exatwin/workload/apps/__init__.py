"""Applications: each a frozen spec and a function from (spec, machine, nodes) to phases with durations."""
