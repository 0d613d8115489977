"""What follows from a change to pages, sites, locales, terms and files: forgotten roots and purged pages."""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save
from wagtail.contrib.settings.models import AbstractSetting
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, PageViewRestriction, Site
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from core import pagecache, routing
from core.models import Term
from core.services import changes, privacy


def connect() -> None:
    """Connect every receiver of the foundation; called once, when all apps are ready."""
    pre_save.connect(refuse_alias_of_private_page, dispatch_uid="core.alias")
    post_save.connect(page_saved, dispatch_uid="core.page_saved")
    post_delete.connect(page_deleted, dispatch_uid="core.page_deleted")
    for signal in (page_published, page_unpublished):
        signal.connect(page_changed, dispatch_uid="core.page_changed")
    for signal in (page_slug_changed, post_page_move):
        signal.connect(addresses_changed, dispatch_uid="core.addresses_changed")
    for model in (Site, Locale, PageViewRestriction):
        for signal in (post_save, post_delete):
            signal.connect(addresses_changed, sender=model, dispatch_uid=f"core.{model.__name__}")
    for model in (Term, get_image_model(), get_document_model()):
        for signal in (post_save, post_delete):
            signal.connect(everything_changed, sender=model, dispatch_uid=f"core.{model.__name__}")
    for signal in (post_save, post_delete):
        signal.connect(setting_changed, dispatch_uid="core.setting")


def refuse_alias_of_private_page(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    if isinstance(instance, Page) and instance.alias_of_id and instance._state.adding:
        privacy.refuse_alias(source=instance.alias_of)


def page_saved(sender: type[Model], instance: Model, update_fields: Any = None, **kwargs: Any) -> None:
    if isinstance(instance, Page):
        routing.forget()
        # A draft saves only the fields of its bookkeeping, and does so every few seconds: readers see nothing of it.
        if instance.live and update_fields is None:
            pagecache.purge(*changes.own_tags(instance))


def page_deleted(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    if isinstance(instance, Page):
        addresses_changed()


def page_changed(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    routing.forget()
    pagecache.purge(*changes.tags(instance))


def addresses_changed(**kwargs: Any) -> None:
    routing.forget()
    pagecache.purge("site")


def everything_changed(**kwargs: Any) -> None:
    pagecache.purge("site")


def setting_changed(sender: type[Model], **kwargs: Any) -> None:
    if issubclass(sender, AbstractSetting):
        pagecache.purge("site")
