"""Django's session engines with a table, in which a new key costs one statement and not five."""
