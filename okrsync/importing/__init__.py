"""OKRs of a spreadsheet, on their way into the files that users write."""
