"""How wagtail-localize hands over what takes long: a row and a worker instead of the editor's own request.

Its own backends run at once or pickle model instances; Celery tasks here carry ids only.
"""

from collections.abc import Callable
from typing import Any

from wagtail_localize.tasks import BaseJobBackend


class JobBackend(BaseJobBackend):
    """The backend to name in WAGTAILLOCALIZE_JOBS."""

    def enqueue(self, func: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> None:
        """Write translations of subtrees down for a worker; run everything else at once, as localize's default does."""
        # Imported here since localize makes its backend while models are still being loaded.
        from wagtail.models import Page
        from wagtail_localize.operations import translate_page_subtree

        from core.services import translating

        if func is not translate_page_subtree or kwargs:
            func(*args, **kwargs)
            return
        page_id, locales, components, user = args
        if components is not None and components.components:
            # What a translation component wants to save came with the request and cannot wait.
            func(*args)
            return
        translating.ask_for_subtree(page=Page.objects.get(pk=page_id), locales=locales, user=user)
