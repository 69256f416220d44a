"""Data quality: the checks that a file declares, run where the data is."""
