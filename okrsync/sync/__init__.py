"""The engine that reads trackers into the store: windows, pages, and what became of each source."""
