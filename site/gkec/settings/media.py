"""Where pictures and documents lie: in a folder of this machine, or in a bucket that several machines share."""

from urllib.parse import urlsplit

from gkec import environment as env

VAR = env.folder("VAR_DIR", default=env.ROOT / "var")
MEDIA_ROOT = VAR / "media"
MEDIA_URL = "/media/"
# With the name of a bucket media go there, by the protocol of S3; without one they stay in MEDIA_ROOT.
MEDIA_BUCKET = env.bucket("MEDIA_BUCKET")
# Where browsers find pictures: the bucket's own public address, a CDN, or a path that the proxy hands on to the bucket.
MEDIA_BUCKET_URL = env.address(
    "MEDIA_BUCKET_URL", schemes={"http", "https"}, default=f"{env.text('BASE_URL').rstrip('/')}/media"
)
# Documents are read by a view that asks for permission, wherever they lie: nobody is sent to the bucket for one.
WAGTAILDOCS_SERVE_METHOD = "serve_view"


def _bucket(**options: object) -> dict:
    key, secret = env.pair("MEDIA_BUCKET_KEY", "MEDIA_BUCKET_SECRET")
    parts = urlsplit(MEDIA_BUCKET_URL)
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": MEDIA_BUCKET,
            "endpoint_url": env.optional_address("MEDIA_BUCKET_ENDPOINT", schemes={"http", "https"}) or None,
            "region_name": env.text("MEDIA_BUCKET_REGION", default="us-east-1"),
            # Without a pair, what the machine itself may do counts (a role, a service account).
            "access_key": key or None,
            "secret_key": secret or None,
            "custom_domain": f"{parts.netloc}{parts.path}",
            "url_protocol": f"{parts.scheme}:",
            # Kept pages and mails hold addresses of pictures for longer than a signature would last.
            "querystring_auth": False,
            "default_acl": None,
            # Two files of one name are two files; what a page shows never changes under it.
            "file_overwrite": False,
            "object_parameters": {"CacheControl": "public, max-age=86400"},
            **options,
        },
    }


def _folder(**options: object) -> dict:
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


STORAGES = {
    "default": _bucket() if MEDIA_BUCKET else _folder(),
    # Notes of erasures lie beside the media, where they outlive the database, and where no web server looks.
    "erasures": (
        _bucket(location="erasures", object_parameters={})
        if MEDIA_BUCKET
        else _folder(location=MEDIA_ROOT / "erasures", file_permissions_mode=0o600, directory_permissions_mode=0o700)
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Origins beside our own from which pages may show pictures.
MEDIA_ORIGINS = [MEDIA_BUCKET_URL.removesuffix(urlsplit(MEDIA_BUCKET_URL).path)] if MEDIA_BUCKET else []
