"""Giving a section the page type that an app has brought for it: address, links and history stay."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, Revision

from core.models import BasePage
from home.models import SectionPage


def turn_into(page: SectionPage, model: type[BasePage], fields: dict[str, Any]) -> BasePage:
    """Make a placeholder a page of `model`, in the caller's transaction, and publish it with `fields` if it was live.

    What both types have is kept as staff left it; `fields` gives the rest.
    """
    shared = {field.attname for field in model._meta.concrete_fields} & {
        field.attname for field in SectionPage._meta.concrete_fields
    }
    kept = {name: getattr(page, name) for name in shared}
    new_type = ContentType.objects.get_for_model(model)
    SectionPage.objects.filter(pk=page.pk)._raw_delete(SectionPage.objects.db)
    turned = model(**{**fields, **kept, "page_ptr_id": page.pk, "content_type_id": new_type.pk})
    turned._state.adding = True
    # The row of the page itself is there already; only that of the new type is added.
    turned.save_base(raw=True, force_insert=True)
    Page.objects.filter(pk=page.pk).update(content_type=new_type)
    Revision.page_revisions.filter(object_id=str(page.pk)).update(content_type=new_type)
    turned = model.objects.get(pk=page.pk)
    if turned.live:
        turned.save_revision().publish()
    return turned
