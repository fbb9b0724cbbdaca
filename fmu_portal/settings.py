"""Settings, read from the environment and from files of secrets.

Every process gets its own ``DATABASE_URL`` (owner for migrations, web for pages, worker for Celery), ``REDIS_URL``
and ``DATA_DIR``. The launcher (``make run``) sets them; in production the organisation does.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var")).resolve()
SECRETS_DIR = Path(os.environ.get("SECRETS_DIR", DATA_DIR / "secrets"))

# Demonstration: synthetic people with known logins. A production start (FMU_DEMO unset) refuses them.
DEMO = os.environ.get("FMU_DEMO") == "1"
DEBUG = False


def secret(name: str) -> str:
    """The text of one secret file; ``manage.py`` commands that need none (makemigrations) run without it."""
    path = SECRETS_DIR / name
    if path.is_file():
        return path.read_text().strip()
    if "FMU_CHECK_ONLY" in os.environ:
        return "only-for-static-checks-" + "x" * 40
    raise ImproperlyConfigured(
        f"Hemligheten {path} saknas. Starta med `make run`, som skapar den, eller lägg dit filen."
    )


def address(name: str, otherwise: str) -> str:
    """The address of a server, which may hold a password: from the file ``NAME_FILE``, else from ``NAME``.

    What stands in a process's environment is shown to whoever may list processes, and goes into every crash report.
    """
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, otherwise)


SECRET_KEY = secret("django_secret_key")
IDENTITY_KEY_FILE = SECRETS_DIR / "identity_key"
IDENTITY_HMAC_KEY_FILE = SECRETS_DIR / "identity_hmac_key"
# The seal on PDFs of record: two PEM files in SECRETS_DIR (or whole paths). Neither named: no seal, and none claimed.
FMU_SIGNING_KEY_FILE = os.environ.get("FMU_SIGNING_KEY_FILE", "")
FMU_SIGNING_CERT_FILE = os.environ.get("FMU_SIGNING_CERT_FILE", "")
DOCUMENT_KEYS_FILE = SECRETS_DIR / "document_keys"

ALLOWED_HOSTS = os.environ.get("FMU_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FMU_ORIGINS", "").split(",") if o]


_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs")


def database(url: str) -> dict[str, object]:
    """One entry of DATABASES from ``postgres://role:password@host:port/name?host=/socket``."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A case is read with nine joins, each by key as it is written: trying their orders took longer than reading it.
        "OPTIONS": {
            "connect_timeout": 5,
            "options": "-c join_collapse_limit=4",
            **{name: query[name][0] for name in _TLS if name in query},
        },
    }


DATABASE_URL = address("DATABASE_URL", "postgres://fmu_web@127.0.0.1:5432/fmu")
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The roles of the database: the owner migrates, the web and the worker may only do what `db_roles` grants.
DB_ROLE_OWNER, DB_ROLE_WEB, DB_ROLE_WORKER = "fmu_owner", "fmu_web", "fmu_worker"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "fmu_portal.apps.PortalConfig",
    "accounts",
    "audit",
    "rules",
    "documents",
    "orders",
    "regions",
    "correspondence",
    "reimbursement",
]

MIDDLEWARE = [
    "fmu_portal.browsers.Headers",
    "fmu_portal.security.Watch",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "fmu_portal.browsers.PlainCalls",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fmu_portal.middleware.PageTransaction",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "fmu_portal.browsers.OwnOrigin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SignIn",
    "accounts.middleware.LoginRequired",
    "accounts.limiting.PageLimits",
    "audit.middleware.AccessLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "fmu_portal.middleware.Refusals",
]

ROOT_URLCONF = "fmu_portal.urls"
WSGI_APPLICATION = "fmu_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "fmu_portal.context.portal",
            ],
            "builtins": ["fmu_portal.templatetags.portal"],
        },
    }
]
FORM_RENDERER = "fmu_portal.forms.Renderer"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PortalBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# A password alone lets in, so that it is a long one (NIST SP 800-63B-4, 3.1.1.2: 15 signs); its kinds of signs are nobody's
# business. A routine of the portal, no rule of law.
PASSWORD_MIN_LENGTH = 15
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "accounts.passwords.NoNameOfOurs"},
]
LOGIN_URL = "/logga-in/"
LOGIN_REDIRECT_URL = "/"

# The length of a session is a routine of the organisation, not a rule of law.
SESSION_IDLE_MINUTES = int(os.environ.get("FMU_SESSION_IDLE_MINUTES", "60"))
# For how long a case of another office stays open to whoever gave a reason: a routine of the portal, no rule of law.
UNLOCK_HOURS = int(os.environ.get("FMU_UNLOCK_HOURS", "8"))
SESSION_ENGINE = "accounts.session_store"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
"""The browser keeps the cookie while it is open, longer than the session lasts: a form that is sent too late says whose."""
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
# However much it is used, a session ends after this: a working day and no more.
SESSION_ABSOLUTE_HOURS = int(os.environ.get("FMU_SESSION_ABSOLUTE_HOURS", "10"))
# For so long a password that was given is asked for no more before what is highly sensitive; a routine too.
PASSWORD_FRESH_MINUTES = int(os.environ.get("FMU_PASSWORD_FRESH_MINUTES", "15"))
# Where the portal's administrators sit, "10.20.0.0/16,10.21.4.0/24"; anywhere when it is not set.
ADMIN_NETWORKS = [
    ip_network(text.strip()) for text in os.environ.get("FMU_ADMIN_NETWORKS", "").split(",") if text.strip()
]
# __Host-: the browser itself holds the cookie to this host, to https (or localhost) and to the whole site.
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# In the session: Django's own choice is a cookie first, of a name without __Host-, and messages may name a colleague.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.form_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Where people reach the portal. With https everything else is refused: redirected here, and by the browser for a year.
# Without (the demonstration on localhost) neither is said, or every other portal on localhost would be shut.
PUBLIC_URL = os.environ.get("FMU_PUBLIC_URL", "http://localhost:8000")
TLS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [
    r"^halsa$",  # the balancer asks over plain http, and is told no more than up or down
    r"^api/",  # a program must notice that it sends its key in the clear: refused by `browsers.PlainCalls`
]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS and os.environ.get("FMU_HSTS_PRELOAD", "1") == "1"
# The number of proxies of the organisation's own in front. Only then are their headers believed.
PROXIES = int(os.environ.get("FMU_PROXIES", "0"))
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Scripts run by their nonce alone, not by where they lie: an uploaded file on our own address is no script either.
# There is one script and it loads no other, so that 'strict-dynamic' has nothing to allow. Style sheets are files.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "sv"
TIME_ZONE = "Europe/Stockholm"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other place may read our files, fonts included

DOCUMENT_DIR = DATA_DIR / "documents"
# The owners' erasure decisions; without the file the repository's (empty) one is read: nothing is erased.
ERASURE_DECISIONS_FILE = DATA_DIR / "settings" / "erasure_decisions.toml"
# Upload limit: a routine of the portal (no source in law).
DOCUMENT_MAX_BYTES = int(os.environ.get("FMU_DOCUMENT_MAX_MB", "20")) * 1024 * 1024
# What one person may upload in 24 hours under one mandate, so that nobody fills the storage: routines too.
UPLOAD_FILES_A_DAY = int(os.environ.get("FMU_UPLOAD_FILES_A_DAY", "1000"))
UPLOAD_BYTES_A_DAY = int(os.environ.get("FMU_UPLOAD_MB_A_DAY", "5000")) * 1024 * 1024
# The virus scanner (clamd), "host:port" or the path of a socket; "" when there is none. Read by the worker alone.
CLAMD = os.environ.get("FMU_CLAMD", "")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = ["documents.uploading.EncryptedUploads"]

# Other limits than those of `fmu_portal.limits`: FMU_LIMITS=search=120,document=900
LIMITS = {
    name: int(most)
    for name, _, most in (part.partition("=") for part in os.environ.get("FMU_LIMITS", "").split(","))
    if most
}

REDIS_URL = address("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 3600,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat" / "schedule")
CELERY_BEAT_SCHEDULER = "fmu_portal.celery:WatchedScheduler"
CELERY_BEAT_SCHEDULE = {
    "outbox": {"task": "fmu_portal.tasks.work_outbox", "schedule": 15.0, "options": {"expires": 14}},
    "seals": {"task": "fmu_portal.tasks.seal_logs", "schedule": 60.0, "options": {"expires": 59}},
    "clock": {"task": "fmu_portal.tasks.watch_deadlines", "schedule": 300.0, "options": {"expires": 290}},
}

EMAIL_BACKEND = os.environ.get("FMU_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST = os.environ.get("FMU_EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("FMU_EMAIL_PORT", "25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("FMU_EMAIL_FROM", "fmu-portalen@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.HasMandate"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.limiting.KeyLimits"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "fmu_portal.problems.handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "FMU-portalen",
    "DESCRIPTION": "Samma ärenden och samma steg som på webbplatsen, genom samma dörr.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Fields of one name with different choices: each list has a name of its own in the document.
    "ENUM_NAME_OVERRIDES": {
        "AssessmentStatus": "orders.api.serializers.STATUS_CHOICES",
        "ThreadStatus": "correspondence.api.answers.STATUSES",
        "ExportState": "orders.models.overview.ExportState",
        "DocumentState": "documents.models.DocumentState",
        "ClaimStatus": "reimbursement.api.claim_answers.STATUSES",
        "ClaimKind": "reimbursement.models.claim.ClaimKind",
        "ClaimLineKind": "reimbursement.models.claim.LineKind",
        "ClaimOutcome": "reimbursement.models.claim.Outcome",
    },
}

SYSLOG = os.environ.get("FMU_SYSLOG", "")
"""The socket of the machine's log daemon ("/dev/log"): every line goes there too. Empty: stderr alone."""

# Logs hold codes, ids and counts: never names, personnummer, free text or query strings.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "fmu_portal.logs.Quiet", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}}
    | ({"syslog": {"class": "fmu_portal.logs.Syslog", "address": SYSLOG, "formatter": "plain"}} if SYSLOG else {}),
    "root": {"handlers": ["stderr", "syslog"] if SYSLOG else ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "pikepdf": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
    },
}
