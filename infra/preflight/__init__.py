"""What can be known of an environment before MWAA is asked to create it, which takes 20 minutes."""
