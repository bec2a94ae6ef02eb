"""What every context shares: ids, quantities, money, time, actors, errors, results."""
