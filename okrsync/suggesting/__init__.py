"""Key results that an item without a link may serve."""
