"""Reads Plainlist, a tracker that does not exist: the worked example of a connector for okrsync."""
