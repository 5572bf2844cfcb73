"""Where the lines, bars and labels of a chart stand: blocks in, coordinates out; nothing here knows markup."""
