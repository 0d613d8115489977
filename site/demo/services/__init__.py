"""The only writers of demo content."""

from demo.services.loading import load_demo
from demo.services.removing import remove_demo

__all__ = ["load_demo", "remove_demo"]
