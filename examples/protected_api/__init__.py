"""A protected API on Django REST framework. It verifies access tokens by itself (RFC 9068)."""
