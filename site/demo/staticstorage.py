"""Static files as production keeps them, but for Brotli, which would take a third of a newcomer's first wait."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class GzippedManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names, manifest and headers are production's; compressed is by gzip alone, which every browser takes."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Return WhiteNoise's compressor without its slower half."""
        return Compressor(**kwargs, use_brotli=False)
