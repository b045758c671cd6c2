"""Make the table that the floor's views write to: ``python -m tests.bench.sides.floor.table``."""

import django
from django.db import connection

if __name__ == "__main__":
    django.setup()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE floor (id char(32) PRIMARY KEY, at bigint)")
