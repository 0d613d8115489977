"""An index on the addresses of pages, which Wagtail finds step by step and core.routing at once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("wagtailcore", "0098_apitoken")]

    operations = [
        # Equality is all that is asked, and a hash has no limit to the length of what it indexes: a B-tree refuses
        # rows over 2.7 kB, which a deep tree of long slugs in Arabic reaches.
        migrations.RunSQL(
            "CREATE INDEX core_page_by_url_path ON wagtailcore_page USING hash (url_path)",
            "DROP INDEX core_page_by_url_path",
        ),
    ]
