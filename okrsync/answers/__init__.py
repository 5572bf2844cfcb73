"""Questions answered from the store: report data, read in one transaction."""
