"""The ceremonies as JSON, for front ends of a project's own.

They are those of the pages: the same challenges, rules, limits and log. What goes in and out is in
``docs/reference/passkeys-openapi.yaml``.
"""
