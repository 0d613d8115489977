"""Making a new webinar page out of another."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify
from wagtail.models import Page

from events.models import Event, WebinarPage
from events.services import ruling

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def clone_webinar(*, page: WebinarPage, title: str, by: "User") -> WebinarPage:
    """Return a draft beside `page` with its words, seats and languages.

    Dates, venue, link, history, translations and what was said of the recording stay behind. Reminders come along
    unarmed: they write to nobody before staff arm them.
    """
    slug = _free_slug(page.get_parent(), title)
    clone = page.copy(keep_live=False, copy_revisions=False, update_attrs={"title": title, "slug": slug}, user=by)
    ruling.copy_rules(source=page.translation_key, target=clone.translation_key)
    return clone


def _free_slug(parent: Page, title: str) -> str:
    base = slugify(title, allow_unicode=True)[:200] or "webinar"
    taken = set(parent.get_children().filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= set(Event.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 2, base
    while slug in taken:
        number, slug = number + 1, f"{base}-{number}"
    return slug
