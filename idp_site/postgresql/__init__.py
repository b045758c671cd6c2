"""Django's PostgreSQL, with a look at a connection that costs nothing before each request."""
