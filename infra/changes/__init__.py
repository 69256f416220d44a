"""What a deploy would do to what is deployed: replaced, deleted, updated in place, or refused."""
