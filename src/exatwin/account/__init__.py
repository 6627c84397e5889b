"""What it amounts to: energy by place, money, carbon and water, with a balance that closes twice."""
