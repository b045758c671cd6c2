"""HTTP: parse, call, answer. One module per part of an account's life."""
