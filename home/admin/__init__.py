"""The staff's views of the site texts."""
