"""Records of search."""

from search.models.document import SearchDocument

__all__ = ["SearchDocument"]
