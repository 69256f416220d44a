"""The stages of a data set's run: plan, convert, publish, check. Plain functions, no Airflow."""
