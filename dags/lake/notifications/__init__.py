"""Messages to people: one a problem, and one when it is over."""
