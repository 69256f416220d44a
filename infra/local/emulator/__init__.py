"""The embedded AWS: ministack plus what it lacks, one process on 127.0.0.1.

It runs inside a virtual environment of its own (`.lake/emulator-venv`, because ministack pins
botocore) as `python -m infra.local.emulator`. A file here is named by the service that it mends;
`seam.py` alone knows ministack's private names, and `contract.py` says which of them broke.
"""
