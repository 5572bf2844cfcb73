"""What a person reads: plain report data first, and renderers that compute nothing."""
