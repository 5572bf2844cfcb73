"""What a plugin author imports: the seams for connectors and metric sources, and what okrsync lends them."""
