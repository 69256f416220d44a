"""`python -m infra.bench airflow`: many small files, and beside it a task for each."""
