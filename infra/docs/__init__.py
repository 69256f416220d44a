"""`make docs`: the pages that are written from the code that they describe."""
