"""Make the table that the floor's views use: ``python -m tests.bench.sides.floor.table``."""

import django
from django.db import connection

ROW = "0" * 32
"""The id of the row that is read."""

if __name__ == "__main__":
    django.setup()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE floor (id char(32) PRIMARY KEY, at bigint)")
        cursor.execute("INSERT INTO floor VALUES (%s, 0)", [ROW])
