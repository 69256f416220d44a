"""Athena and Spark convert what outgrows a worker: by the same rules, to the same rows and rejects.

The rules of a format are written once as SQL expressions (`sql`), which both engines evaluate.
"""
