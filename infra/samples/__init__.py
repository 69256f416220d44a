"""Sample files for the lake's data sets: realistic, deterministic, with their truth."""
