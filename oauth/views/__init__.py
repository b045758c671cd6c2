"""HTTP: parse, call, answer. One module per endpoint."""
