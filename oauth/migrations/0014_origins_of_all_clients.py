"""Keeps the origins of the public clients that are there, as ``client_origins`` does from now on."""

from urllib.parse import urlsplit

from django.db import migrations

BATCH = 500
PORTS = {'https': 443, 'http': 80}


def origin_of(uri):
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return ''
    if parts.scheme not in PORTS or not parts.hostname or not uri.isascii():
        return ''
    host = f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname
    at = '' if port in (None, PORTS[parts.scheme]) else f':{port}'
    told = f'{parts.scheme}://{host}{at}'
    return told if len(told) <= 300 else ''


def keep(apps, schema_editor):
    Client = apps.get_model('ostiary_oauth', 'Client')
    ClientOrigin = apps.get_model('ostiary_oauth', 'ClientOrigin')
    alias = schema_editor.connection.alias
    public = Client._base_manager.using(alias).filter(client_type='public')
    rows = []
    for pk, *texts in public.values_list('pk', 'redirect_uris', 'allowed_origins').iterator():
        uris = ' '.join(texts).split()
        origins = {origin_of(uri) for uri in uris} - {''}
        rows += [ClientOrigin(client_id=pk, origin=origin) for origin in sorted(origins)]
    ClientOrigin._base_manager.using(alias).bulk_create(rows, BATCH, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('ostiary_oauth', '0013_client_origin'),
    ]

    operations = [
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]
