"""On PostgreSQL the database itself refuses to change or remove security events."""

from django.db import migrations

CREATE = """
CREATE FUNCTION ostiary_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('ostiary.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'security events are append-only';
END
$$;
CREATE TRIGGER ostiary_event_append_only BEFORE UPDATE OR DELETE ON ostiary_event
    FOR EACH ROW EXECUTE FUNCTION ostiary_event_append_only();
"""
DROP = """
DROP TRIGGER ostiary_event_append_only ON ostiary_event;
DROP FUNCTION ostiary_event_append_only();
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("ostiary", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
