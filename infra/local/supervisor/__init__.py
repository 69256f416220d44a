"""The laptop's one daemon: it starts the embedded AWS and Airflow, and ends them together."""
