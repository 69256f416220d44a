"""Tables of Iceberg: their metadata, the files of a snapshot, their rows by field id.

Source: https://iceberg.apache.org/spec/ (format versions 1 and 2, as Athena reads them). pyiceberg
reads metadata and manifests; it is imported with the first query of such a table, which takes a
second.
"""
