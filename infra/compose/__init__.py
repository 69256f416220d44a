"""What docker-compose.yaml takes from this machine: the bundle and the secrets."""
