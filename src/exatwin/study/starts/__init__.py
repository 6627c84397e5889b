"""When jobs start: ensembles over what users really use, and how far forecasts lie from records."""
