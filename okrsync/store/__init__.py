"""The store: what was read from trackers and metric sources. It can be rebuilt; what people wrote is in the ledger."""
