import core.fields
from django.db import migrations


class Migration(migrations.Migration):
    """A home page is never without an opening; of that the database knows nothing, so no statement is sent."""

    dependencies = [("home", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="homepage",
            name="body",
            field=core.fields.StreamField([], verbose_name="body"),
        ),
    ]
