"""What a statement writes into a table of Iceberg: files of rows and of deletes, one snapshot.

Source: https://iceberg.apache.org/spec/ (format version 2; merge on read, as Athena writes).
"""
