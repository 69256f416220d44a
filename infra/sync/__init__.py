"""`dags/` of an environment's Airflow bucket, kept equal to the checkout without a deploy."""
