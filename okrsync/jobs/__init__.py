"""What a command runs: the steps of the straight line, put together."""
