"""What every stage may use; knows nothing of computers."""
