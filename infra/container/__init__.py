"""What runs inside of the containers of docker-compose.yaml, as the public images of MWAA do it."""
