"""What applications take on a machine, one family a module: HPL, training, serving, climate."""
