"""`make bench`: what a conversion costs and keeps, beside what is usually written for it."""
