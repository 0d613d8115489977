"""The only writers of the index."""

from search.services.indexing import Indexed, index_page, index_subtree, reindex, remove_page, repair

__all__ = ["Indexed", "index_page", "index_subtree", "reindex", "remove_page", "repair"]
