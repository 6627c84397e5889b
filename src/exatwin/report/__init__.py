"""Figures, tables and the self-contained page of one result; plotly is imported only by what draws."""
