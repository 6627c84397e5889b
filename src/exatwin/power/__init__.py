"""What the machine draws: the watts of nodes added up over jobs, partitions, groups and racks."""
