"""What the foundation adds to Wagtail; registration only."""

from typing import Any

from wagtail import hooks

from core.linkhandlers import DocumentLinks, PageLinks
from core.pagecache.marking import mark_page

# After hooks that may answer themselves, so that only a page which is really served is marked.
hooks.register("before_serve_page", mark_page, order=100)


# After Wagtail's own handlers, which these replace.
@hooks.register("register_rich_text_features", order=100)
def link_together(features: Any) -> None:
    features.register_link_type(PageLinks)
    features.register_link_type(DocumentLinks)
