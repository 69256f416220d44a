"""COPY: objects of S3 as rows of a table.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html
"""
