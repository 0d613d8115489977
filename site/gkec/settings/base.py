"""Settings shared by every way to run; the environment is read through gkec.environment only."""

from datetime import timedelta
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from core import embeds, logs
from gkec import environment as env
from gkec import schedule
from gkec.settings import vanishing
from gkec.settings.mail import *
from gkec.settings.media import *
from gkec.settings.people import *
from gkec.settings.retention import *

ROOT = env.ROOT

SECRET_KEY = env.secret("SECRET_KEY")
# Retired keys, the newest first: what was signed with one of them stays good until it is taken out.
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
DEBUG = False
BASE_URL = env.address("BASE_URL", schemes={"http", "https"})
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname or ""])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "core.views.errors.csrf_failure"

INSTALLED_APPS = [
    "gkec.apps.GkecConfig",
    "search",
    "home",
    "newsletter",
    "learning",
    "events",
    "municipalities",
    "accounts",
    "mail",
    "core",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "accounts.wagtailusers.PeopleConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "core.watching.WatchingMiddleware",
    "core.pagecache.middleware.PageCacheMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.prefixes.LanguagePrefixMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.RefusedFormMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "gkec.urls"
WSGI_APPLICATION = "gkec.wsgi.application"

FORM_RENDERER = "core.renderers.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "home.context_processors.site",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
        },
    },
]

# Data -----------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": 0,
        # A pooler that gives a connection to another at each commit cannot keep a cursor open in it.
        "DISABLE_SERVER_SIDE_CURSORS": env.flag("DATABASE_PGBOUNCER", default=False),
    },
}
DATABASES["default"]["OPTIONS"] = vanishing.noticed(
    DATABASES["default"].get("OPTIONS", {}), has_pooler=DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"]
)
# The pool replaces persistent connections; connections = processes x max_size. What the address asks for (sslmode)
# stands beside it.
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": env.number("DATABASE_POOL_SIZE", default=5, minimum=1),
}
# Machines differ, and what is due and whose lease has run out must be the same for all of them.
CLOCK_FOLLOWS_DATABASE = True
# Django 5.2 warns (W042) without it; Django 6.0 makes it the default.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.address("REDIS_URL", schemes={"redis", "rediss", "unix"})
CACHES = {
    "default": {"BACKEND": "core.caches.ForgivingRedisCache", "LOCATION": REDIS_URL},
    # Who signs out while Valkey is away is in again when it is back, for at most so many seconds.
    "sessions": {"BACKEND": "core.caches.BriefRedisCache", "LOCATION": REDIS_URL, "TIMEOUT": 60},
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "sessions"

# Languages and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("pt", _("Portuguese")),
    ("ar", _("Arabic")),
]
LOCALE_PATHS = [ROOT / "locale", *sorted((ROOT / "locale" / "borrowed").glob("*"))]
USE_I18N = WAGTAIL_I18N_ENABLED = True
USE_TZ = True
TIME_ZONE = "UTC"

# Work in the background --------------------------------------------------------------------------

CELERY_BROKER_URL = env.address(
    "CELERY_BROKER_URL", schemes={"redis", "rediss", "amqp", "amqps", "unix", "redis+socket"}, default=REDIS_URL
)
# A task is a ring at the door and may be lost (docs/adr/0010): it is acknowledged before it runs, so that no killed
# worker's task comes back an hour later, and a worker takes one at a time, so that none waits behind a long one.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker asked twice to stop, or by SIGQUIT, first gives its batch the time of one hand-over to end, and of writing
# down what came of it (mail.E004).
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env.number("WORKER_SOFT_SHUTDOWN_SECONDS", default=MAIL_HANDOVER_SECONDS + 15)
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Every queue that a worker must listen to; the page on the site's health looks for each.
WORK_QUEUES = ["transactional", "bulk", "default"]
# mail.tasks.deliver is rung into the queue of its stream; whatever else there is goes to the default one.
CELERY_TASK_ROUTES = {"mail.tasks.sweep": {"queue": "default"}}
CELERY_BEAT_SCHEDULE = {
    "mail-sweep": {
        "task": "mail.tasks.sweep",
        "schedule": 15,
        # A tick that waited for a worker longer than this has been overtaken by the next one.
        "options": {"expires": 60},
    },
    "publish-due": {"task": "core.tasks.publish_due", "schedule": 30, "options": {"expires": 60}},
    "translate-waiting": {"task": "core.tasks.translate_waiting", "schedule": 60, "options": {"expires": 60}},
    "events-sweep": {"task": "events.tasks.sweep", "schedule": 300, "options": {"expires": 300}},
    "events-remind": {"task": "events.tasks.remind", "schedule": 20, "options": {"expires": 60}},
    "events-announce": {"task": "events.tasks.announce", "schedule": 15, "options": {"expires": 60}},
    "seats-give": {"task": "learning.tasks.give_held_seats", "schedule": 15, "options": {"expires": 60}},
    "decisions-carry-out": {
        "task": "municipalities.tasks.carry_out_decisions",
        "schedule": 15,
        "options": {"expires": 60},
    },
    "teams-lapse": {"task": "learning.tasks.lapse_drafts", "schedule": 300, "options": {"expires": 300}},
    "campaigns-advance": {"task": "newsletter.tasks.advance", "schedule": 20, "options": {"expires": 60}},
    "courses-repair": {"task": "learning.tasks.repair_courses", "schedule": 900, "options": {"expires": 900}},
    "accounts-tidy": {"task": "accounts.tasks.tidy", "schedule": 6 * 3600, "options": {"expires": 3600}},
    "retention-purge": {
        "task": "core.tasks.purge",
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 6 * 3600},
    },
    "municipalities-daily": {
        "task": "municipalities.tasks.daily",
        "schedule": crontab(hour=5, minute=20),
        "options": {"expires": 6 * 3600},
    },
    "search-repair": {"task": "search.tasks.repair_index", "schedule": 900, "options": {"expires": 900}},
}
CELERY_BEAT_SCHEDULE = schedule.from_environment(CELERY_BEAT_SCHEDULE)
# What need not be rung for, since a sweep is so near, and after what time mail that waits is told.
MAIL_SWEEP_SECONDS = CELERY_BEAT_SCHEDULE["mail-sweep"]["schedule"]
CELERY_BEAT_SCHEDULER = "gkec.beat:LivingScheduler"
# The longest that beat sleeps, however seldom its jobs: shorter than what its health check waits for.
CELERY_BEAT_MAX_LOOP_INTERVAL = 20
# A worker or beat touches this file while its loop turns; gkec/healthcheck.py reads the same variable.
LIFE_SIGN = env.text("LIFE_SIGN", default=" ").strip()
if CELERY_BROKER_URL.startswith(("redis", "unix")):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Registering for events ----------------------------------------------------------------------------

# Offices share one network, so this is generous; what protects a mailbox is the limit for its address.
REGISTRATIONS_PER_NETWORK_PER_HOUR = env.number("REGISTRATIONS_PER_NETWORK_PER_HOUR", default=200, minimum=1)
REGISTRATIONS_PER_ADDRESS_PER_HOUR = env.number("REGISTRATIONS_PER_ADDRESS_PER_HOUR", default=10, minimum=1)
# How long after an event the links in its mails still open the person's own page.
REGISTRATION_LINKS_LAST = timedelta(days=env.number("REGISTRATION_LINKS_LAST_DAYS", default=60, minimum=1))

# So long before the start the join page leads into the meeting and counts who comes.
EVENT_JOIN_OPENS_MINUTES = env.number("EVENT_JOIN_OPENS_MINUTES", default=15)
JOINS_PER_PERSON_PER_HOUR = env.number("JOINS_PER_PERSON_PER_HOUR", default=60, minimum=1)
WRONG_LINKS_PER_NETWORK_PER_HOUR = env.number("WRONG_LINKS_PER_NETWORK_PER_HOUR", default=300, minimum=1)

# Representing a city --------------------------------------------------------------------------------

CITY_REQUESTS_PER_PERSON_PER_DAY = env.number("CITY_REQUESTS_PER_PERSON_PER_DAY", default=20, minimum=1)
# Each puts a city before staff that nobody has checked.
CITY_PROPOSALS_PER_PERSON_PER_DAY = env.number("CITY_PROPOSALS_PER_PERSON_PER_DAY", default=5, minimum=1)

# Learning -------------------------------------------------------------------------------------------

# Looking a list over reads up to 10,000 lines; enrolling writes to as many as fifty strangers at once.
TEAM_LISTS_PER_PERSON_PER_HOUR = env.number("TEAM_LISTS_PER_PERSON_PER_HOUR", default=120, minimum=1)
TEAM_ENROLMENTS_PER_PERSON_PER_HOUR = env.number("TEAM_ENROLMENTS_PER_PERSON_PER_HOUR", default=60, minimum=1)
APPLICATIONS_PER_PERSON_PER_HOUR = env.number("APPLICATIONS_PER_PERSON_PER_HOUR", default=30, minimum=1)

# Newsletter ---------------------------------------------------------------------------------------

SUBSCRIPTIONS_PER_NETWORK_PER_HOUR = env.number("SUBSCRIPTIONS_PER_NETWORK_PER_HOUR", default=100, minimum=1)
SUBSCRIPTIONS_PER_ADDRESS_PER_HOUR = env.number("SUBSCRIPTIONS_PER_ADDRESS_PER_HOUR", default=10, minimum=1)
SUBSCRIPTIONS_PER_ADDRESS_PER_WEEK = env.number("SUBSCRIPTIONS_PER_ADDRESS_PER_WEEK", default=10, minimum=1)
# A campaign that is paused, or stands still while it is sent, for longer is told on the page on the site's health.
CAMPAIGN_PAUSED_HOURS = env.number("CAMPAIGN_PAUSED_HOURS", default=24, minimum=1)
CAMPAIGN_STILL_MINUTES = env.number("CAMPAIGN_STILL_MINUTES", default=15, minimum=1)

# Search ----------------------------------------------------------------------------------------------

SEARCH_ENGINE = "search.postgres.PostgresEngine"
# Tries at the password of a private page or document: from one network, and at one password from wherever.
PASSWORD_TRIES_PER_NETWORK_PER_HOUR = env.number("PASSWORD_TRIES_PER_NETWORK_PER_HOUR", default=60, minimum=1)
PASSWORD_TRIES_PER_PASSWORD_PER_HOUR = env.number("PASSWORD_TRIES_PER_PASSWORD_PER_HOUR", default=600, minimum=1)
SEARCHES_PER_NETWORK_PER_MINUTE = env.number("SEARCHES_PER_NETWORK_PER_MINUTE", default=120, minimum=1)

# Files ---------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "core.staticbundle.BundleFinder",
]
WHITENOISE_MAX_AGE = 60

# Wagtail -------------------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = "GKEC"
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAILADMIN_LOGIN_URL = WAGTAIL_FRONTEND_LOGIN_URL = "/_/sign-in/"
# Passwords, addresses and second factors are changed under /<lang>/account/, where allauth guards them.
WAGTAIL_PASSWORD_RESET_ENABLED = WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
# Would ask a server outside from each administrator's browser.
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAILIMAGES_IMAGE_MODEL = "core.Picture"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {
        "WIDGET": "wagtail.admin.rich_text.DraftailRichTextArea",
        "OPTIONS": {"features": ["bold", "italic", "ol", "ul", "link", "document-link"]},
    }
}
WAGTAILADMIN_NOTIFICATION_INCLUDE_SUPERUSERS = False
WAGTAIL_AUTOSAVE_INTERVAL = 5000
WAGTAILLOCALIZE_JOBS = {"BACKEND": "core.localizejobs.JobBackend"}
# A translation is a draft until its editor publishes it: nobody shall meet a French page in English words.
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False

# Security ------------------------------------------------------------------------------------------

SECURITY_CONTACT = env.text("SECURITY_CONTACT", default=f"mailto:security@{urlsplit(BASE_URL).hostname}")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", *MEDIA_ORIGINS],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Only after the reader has asked for a video.
        "frame-src": list(embeds.ORIGINS),
        "form-action": [SELF],
        "base-uri": [NONE],
        # Wagtail shows previews of public pages in a frame of its editor.
        "frame-ancestors": [SELF],
    },
}
# Wagtail's pages start their date fields and choosers from inline scripts, and set styles from scripts.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:", *MEDIA_ORIGINS],
    "font-src": [SELF, "data:"],
    "frame-src": [SELF],
    "object-src": [NONE],
    "base-uri": [SELF],
}

# Watching the site -----------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", among=tuple(logs.FORMATTERS), default="line")
LOGGING = logs.configuration(LOG_FORMAT)
# Errors go to Sentry only where this names a project; see gkec/sentry.py for what is never sent.
SENTRY_DSN = env.sentry_dsn("SENTRY_DSN")
# With a token /metrics answers whoever has it; without one it does not exist, except to loopback in the demo.
METRICS_TOKEN = env.optional_secret("METRICS_TOKEN", minimum=32)
METRICS_ON_LOOPBACK = False
