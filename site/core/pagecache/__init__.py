"""The page cache: what anonymous readers of public pages get, kept by allow-list."""
