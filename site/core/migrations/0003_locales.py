"""The locales of the site's languages, which Wagtail's pages hang from."""

from django.conf import settings
from django.db import migrations


def create(apps, schema_editor):
    Locale = apps.get_model("wagtailcore", "Locale")
    for code, _name in settings.LANGUAGES:
        Locale.objects.get_or_create(language_code=code)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_page_url_path_index"), ("wagtailcore", "0098_apitoken")]

    # Backwards nothing is removed: pages may hang from a locale by then.
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
