"""What a key result's metric did around the delivery of work. Pure."""
