"""A simulated company with known truth, and loopback Jira and GitHub sites that serve it or recorded items."""
