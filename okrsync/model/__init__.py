"""What okrsync talks about: frozen dataclasses without I/O and without a clock. Times are aware and in UTC."""
