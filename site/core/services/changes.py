"""Which kept pages show a page that has changed."""

from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, ReferenceIndex


def own_tags(page: Page) -> set[str]:
    """Return the tags of the page in all its languages and of the lists that show its type; no query."""
    model = page.specific_class
    return {f"page:{page.translation_key}", *(f"list:{name}" for name in getattr(model, "lists", ()))}


def tags(page: Page) -> set[str]:
    """Return the tags of everything that may show the page: its own, its ancestors' and those of pages that link to it.

    A page in the menu, or with pages below it whose trail names it, shows everywhere. Four queries for any other.
    """
    found = own_tags(page)
    if page.show_in_menus or page.numchild or page.depth <= 2:
        return found | {"site"}
    above = page.get_ancestors().filter(depth__gt=1).values_list("translation_key", flat=True)
    return found | {f"page:{key}" for key in {*above, *_linking(page)}}


def _linking(page: Page) -> set[UUID]:
    """Return the translation keys of pages that link to the page or to one of its translations."""
    translations = Page.objects.filter(translation_key=page.translation_key).values_list("pk", flat=True)
    pages = ContentType.objects.get_for_model(Page)
    references = ReferenceIndex.objects.filter(
        base_content_type=pages, to_content_type=pages, to_object_id__in=[str(pk) for pk in translations]
    )
    linking = [int(pk) for pk in references.values_list("object_id", flat=True)]
    return set(Page.objects.filter(pk__in=linking).values_list("translation_key", flat=True))
