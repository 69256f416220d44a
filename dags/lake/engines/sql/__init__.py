"""A data set's rules as SQL expressions, for the engines that run SQL: Athena and Spark.

A record comes as a text called `line` with a character for each of its bytes (latin-1), whatever
its encoding, so that positions, lengths and what is undecodable are told exactly.
"""
