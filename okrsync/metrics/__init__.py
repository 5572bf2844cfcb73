"""Built-in metric sources, and how observations are gathered from all of them."""
