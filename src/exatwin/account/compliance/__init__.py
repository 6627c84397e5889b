"""The reports that law asks of data centres, cell by cell, with the origin of each."""
