"""What providers report of mail, and which addresses get none."""

import django.db.models.deletion
import django.utils.timezone
import ostiary.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ostiary', '0008_keys_of_events'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MailMark',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('digest', models.CharField(db_index=True, editable=False, max_length=64)),
                ('state', models.CharField(blank=True, choices=[('', 'no mark'), ('bounced', 'mail comes back'), ('complained', 'mail is reported as spam')], default='', max_length=10, verbose_name='mark')),
                ('marked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='marked')),
                ('cleared_at', models.DateTimeField(blank=True, null=True, verbose_name='cleared')),
            ],
            options={
                'verbose_name': 'mark of an address',
                'verbose_name_plural': 'marks of addresses',
            },
        ),
        migrations.CreateModel(
            name='SentMail',
            fields=[
                ('id', models.UUIDField(default=ostiary.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider_id', models.CharField(db_index=True, max_length=200, verbose_name='provider’s id')),
                ('key', models.CharField(max_length=200, verbose_name='idempotency key')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('report', models.CharField(blank=True, choices=[('', 'nothing yet'), ('delivered', 'delivered'), ('bounced', 'came back'), ('complained', 'reported as spam')], default='', max_length=10, verbose_name='report')),
                ('sent_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='sent')),
                ('reported_at', models.DateTimeField(blank=True, null=True, verbose_name='reported')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'sent email',
                'verbose_name_plural': 'sent emails',
                'ordering': ['-id'],
            },
        ),
    ]
