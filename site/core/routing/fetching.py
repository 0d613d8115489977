"""One page by its key, with a statement that is put together once a process."""

from functools import cache

from django.apps import apps
from wagtail.models import Page


def fetch(model: type[Page], pk: int) -> Page | None:
    """Return the page of the model with the key, as its manager's `get` would, or None."""
    statement = statement_for(model._meta.label)
    if statement is None:
        return model._default_manager.filter(pk=pk).first()
    return next(iter(model._default_manager.raw(statement, [pk])), None)


@cache
def statement_for(label: str) -> str | None:
    """Return what asks for one page of the model: Django needs longer to put it together than to run it.

    None where the model's manager asks for more than the key, such as for a time.
    """
    query = apps.get_model(label)._default_manager.order_by().filter(pk=0).query
    statement, parameters = query.sql_with_params()
    return statement if parameters == (0,) else None
