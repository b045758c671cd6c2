"""The resource kit: what an API needs to take access tokens."""
