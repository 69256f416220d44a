"""docs/architecture.md, drawn from what the app and the DAGs really are."""
