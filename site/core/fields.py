"""Model fields of the project."""

from wagtail import fields


class StreamField(fields.StreamField):
    """A StreamField whose block definitions stay out of migrations.

    Blocks change often and never touch the database schema, so a migration that spells them out is noise.
    """

    def deconstruct(self):
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [[]], kwargs
