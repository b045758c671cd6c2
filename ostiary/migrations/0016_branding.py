"""How the site presents itself, as an operator has decided."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ostiary", "0015_factor_resets"),
    ]

    operations = [
        migrations.CreateModel(
            name="Branding",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="Shown on pages and in emails.",
                        max_length=100,
                        verbose_name="name",
                    ),
                ),
                (
                    "accent",
                    models.CharField(
                        blank=True,
                        help_text="The color of buttons and links, such as #14574b. A shade that’s hard to read is adjusted, for light and for dark pages each.",
                        max_length=7,
                        verbose_name="accent color",
                    ),
                ),
                ("logo", models.BinaryField(null=True)),
                ("logo_dark", models.BinaryField(null=True)),
                (
                    "terms_url",
                    models.CharField(blank=True, max_length=500, verbose_name="terms of service"),
                ),
                (
                    "privacy_url",
                    models.CharField(blank=True, max_length=500, verbose_name="privacy policy"),
                ),
                ("help_url", models.CharField(blank=True, max_length=500, verbose_name="help")),
            ],
            options={
                "verbose_name": "branding",
                "verbose_name_plural": "branding",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="ostiary_branding_one_row"
                    )
                ],
            },
        ),
    ]
