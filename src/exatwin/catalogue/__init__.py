"""What exists: parts, machines, sites, tariffs and grids, as data files with a source on every number."""
