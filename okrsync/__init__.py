"""okrsync joins Jira and GitHub backlogs to key results, and says which delivered work moved them."""

__version__ = "0.1.0"
