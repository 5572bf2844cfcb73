"""Reports as pages of a site: as a folder of files, or answered on loopback. Read-only."""
