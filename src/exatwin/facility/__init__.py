"""What the building adds: the power chain, the cooling plant and the weather around them."""
