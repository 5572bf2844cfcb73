"""The Jira connector of okrsync, for Jira Cloud and Jira Data Center."""
