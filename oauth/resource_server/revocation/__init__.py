"""Ways to find a token revoked before it expires, one module each."""
