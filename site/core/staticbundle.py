"""One stylesheet and one script for the whole site, built from many small files without a build step."""

import re
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# The folders hold one file for each component, and one for each app whose pages need a rule or two of their own.
STYLE_ORDER = ("layers", "tokens", "reset", "base", "layout", "components/", "pages/", "print")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDENT = re.compile(r"\s*\n\s*")


def sources(static: Path) -> dict[str, list[Path]]:
    """Return each bundle's name with the files it is made of, in the order in which they are joined.

    A file that STYLE_ORDER names but that is missing is an error: the cascade would silently change.
    """
    styles: list[Path] = []
    for name in STYLE_ORDER:
        if name.endswith("/"):
            styles += sorted((static / "css" / name).glob("*.css"))
        else:
            styles.append(static / "css" / f"{name}.css")
    return {"css/site.css": styles, "js/site.js": sorted((static / "js").glob("*.js"))}


def join_styles(files: list[Path]) -> str:
    """Return the files' rules one after the other, without comments and indentation."""
    return "\n".join(INDENT.sub("\n", COMMENT.sub("", file.read_text("utf-8"))).strip() for file in files) + "\n"


def join_scripts(files: list[Path]) -> str:
    """Return the scripts one after the other, each in a block of its own so that names never meet.

    The page loads the result as a module: deferred, strict, and unknown to browsers too old for it.
    """
    return "".join(f"{{\n{file.read_text('utf-8').strip()}\n}}\n" for file in files)


def build(static: Path, target: Path) -> None:
    """Write the bundles below `target`; a file whose content would be the same is left untouched."""
    for name, files in sources(static).items():
        text = join_styles(files) if name.endswith(".css") else join_scripts(files)
        path = target / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        part = unshared(path)
        part.write_text(text, "utf-8")
        part.replace(path)


def unshared(path: Path) -> Path:
    """Return a name beside `path` that nobody else writes to: processes and a server's threads build at once."""
    return path.with_suffix(f".{uuid4().hex}.part")


class BundleFinder(BaseFinder):
    """Shows `css/site.css` and `js/site.js` to collectstatic as if they were ordinary static files."""

    def __init__(self, app_names=None, *args, **kwargs):
        self.static = Path(settings.STATICFILES_DIRS[0])
        self.storage = FileSystemStorage(location=Path(settings.VAR) / "bundle")

    def find(self, path, find_all=False, **kwargs):
        """Return the absolute path of a bundle, freshly built, or an empty list."""
        if path not in sources(self.static):
            return []
        build(self.static, Path(self.storage.location))
        found = self.storage.path(path)
        return [found] if find_all else found

    def list(self, ignore_patterns):
        """Yield each bundle with the storage that holds it."""
        build(self.static, Path(self.storage.location))
        for name in sources(self.static):
            yield name, self.storage
