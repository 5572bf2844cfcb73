"""The GitHub connector of okrsync."""
