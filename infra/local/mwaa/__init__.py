"""The embedded MWAA: each environment is a real Airflow that reads what MWAA would read."""
