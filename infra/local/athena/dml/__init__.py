"""INSERT, DELETE, UPDATE and MERGE: statements that change the rows of a table of Iceberg.

Each is one snapshot, or none. Names and types are those of Trino, as in a query.
Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-updating-iceberg-table-data.html
"""
