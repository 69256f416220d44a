"""`make bench`: what the conversion of fixed width costs, beside what is usually written for it."""
