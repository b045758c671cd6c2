"""Operations of migrations that a live table stands."""

from __future__ import annotations

from typing import Any

from django.db.migrations import AddConstraint


class AddUniqueIndex(AddConstraint):
    """``AddConstraint`` of a ``UniqueConstraint`` by expressions, beside which rows are written.

    PostgreSQL builds the index concurrently, for which the migration must not be atomic; one that
    an interrupted build has left is built anew.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Build the index."""
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(connection.alias, model):
            name = schema_editor.quote_name(self.constraint.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", params=None)
            statement = str(self.constraint.create_sql(model, schema_editor))
            schema_editor.execute(
                statement.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1),
                params=None,
            )
