"""The files a user writes: text in, typed settings out, and every problem named with its line and column."""
