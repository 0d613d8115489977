"""The page cache: what anonymous readers of public pages get, kept by allow-list.

A page is kept only when routing knows it as public and nothing in request or answer belongs to one visitor; see
policy.py. `purge` drops what shows a thing that has changed.
"""

from core.pagecache.marking import Mark, keep
from core.pagecache.purging import purge

__all__ = ["Mark", "keep", "purge"]
