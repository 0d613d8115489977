"""What every projection of pages into records shares: who may project, and publishing as one transaction."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from wagtail.models import Page
from wagtail_localize.models import Translation

from core import languages, locales

if TYPE_CHECKING:
    from core.models import BasePage


class Unprojectable(Exception):
    """A page cannot be published yet, since its record could not hold what it says; in words for who publishes it."""


def is_translation(page: Page) -> bool:
    """Tell whether wagtail-localize made `page` from a page in another language.

    True only while the page it was made from exists: deleting that page deletes the rows which say so. A record
    therefore keeps its own source locale; see `may_project`.
    """
    return Translation.objects.filter(target_locale_id=page.locale_id, source__object_id=page.translation_key).exists()


def may_project(page: Page, *, source_locale_id: int | None) -> bool:
    """Tell whether `page` may write the record of its translation key.

    `source_locale_id` is the locale stored on that record, None where there is no record yet. Pages that are not live
    (Wagtail announces a scheduled, never live page as published) and aliases never project. With a record, only its
    own source locale does; without one, the page must not be somebody else's translation. One query at most.
    """
    if not page.live or page.alias_of_id:
        return False
    if source_locale_id is not None:
        return page.locale_id == source_locale_id
    return not is_translation(page)


def by_precedence(page: Page) -> tuple[bool, int]:
    """Order pages in several languages for `min`: public ones before drafts, then by the site's languages.

    The first speaks for an occasion whose source page is deleted.
    """
    codes = languages.codes()
    code = locales.code_of(page.locale_id)
    return not page.live, codes.index(code) if code in codes else len(codes)


def would_speak_next(page: "BasePage", *, without: Collection[Page] = ()) -> Page | None:
    """Return the page in another language that would speak for an occasion without `page`; None without one.

    Its aliases are among them: the deletion makes ordinary pages of them. Neither what is deleted at the same time,
    `without`, nor what lies below that speaks for anything.
    """
    others = page.translations_left(without).filter(Q(alias_of=None) | Q(alias_of=page.pk))
    return min(others, key=by_precedence, default=None)


class AtomicPublishing:
    """A page whose publishing and unpublishing is one transaction with whatever receivers write.

    Wagtail commits each step on its own, so a receiver that fails would leave a live page without its record. Every
    way to publish (editor, bulk action, workflow, schedule, wagtail-localize) ends in these two methods.
    Put it before BasePage among the bases.
    """

    def publish(self, *args, **kwargs):
        with transaction.atomic():
            return super().publish(*args, **kwargs)

    def unpublish(self, *args, **kwargs):
        with transaction.atomic():
            return super().unpublish(*args, **kwargs)


class AtomicForm:
    """A view of the editor whose `form_valid` is one transaction, for what it writes beside the page.

    Put it before Wagtail's CreateView or EditView among the bases.
    """

    def form_valid(self, form):
        with transaction.atomic():
            return super().form_valid(form)
