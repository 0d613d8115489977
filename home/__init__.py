"""The home page, section pages, site texts, navigation and "my GKEC"."""
