"""The command line: parses, calls a job, prints, and exits. Nothing else exits."""
