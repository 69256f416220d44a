"""What lets GitHub Actions deploy: an OIDC provider, a role for each environment, no keys."""
