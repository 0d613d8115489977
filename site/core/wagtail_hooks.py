"""What the foundation adds to Wagtail; registration only."""

from wagtail import hooks

from core.pagecache.marking import mark_page

# After hooks that may answer themselves, so that only a page which is really served is marked.
hooks.register("before_serve_page", mark_page, order=100)
