"""The database ``fmu`` and its three roles, on our own PostgreSQL or on the organisation's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from launcher.config import ROLES
from launcher.faults import Fault

DATABASE = "fmu"
MINIMUM = 150000
_LIMITS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


@dataclass(frozen=True)
class Urls:
    """One ``DATABASE_URL`` for each role."""

    owner: str
    web: str
    worker: str


def role_name(role: str) -> str:
    return f"fmu_{role}"


def with_login(url: str, user: str, password: str, database: str) -> str:
    """The same server and options, another login and database."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    # urlencode writes "+" for a space, which libpq does not read as one.
    query = urlencode(parse_qsl(parts.query), quote_via=quote)
    return urlunsplit((parts.scheme, f"{quote(user)}:{quote(password, '')}@{host}", f"/{database}", query, ""))


def connect(url: str, what: str) -> Any:
    """A connection in autocommit. Raises ``Fault`` naming ``what`` when the server cannot be reached."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except (psycopg2.OperationalError, psycopg2.ProgrammingError) as error:
        reason = (str(error).strip().splitlines() or ["okänt fel"])[0]
        raise Fault(
            f"Når inte databasen som {what} anger ({reason}). Kontrollera adressen och att servern är igång."
        ) from None
    connection.autocommit = True
    return connection


def _one(connection: Any, query: Any, arguments: tuple[Any, ...] = ()) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        row = cursor.fetchone()
    return row[0] if row else None


def _do(connection: Any, statement: Any, arguments: tuple[Any, ...] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)


def check(connection: Any, what: str) -> None:
    """Raises ``Fault`` unless the connected database is new enough, UTF-8 and folds Swedish letters."""
    version = int(_one(connection, "SHOW server_version_num"))
    if version < MINIMUM:
        raise Fault(f"{what}: PostgreSQL {version // 10000} är för gammal. Portalen behöver version 15 eller nyare.")
    encoding = _one(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise Fault(f"{what}: databasen har teckenkodningen {encoding}. Skapa den med ENCODING 'UTF8'.")
    if not _one(connection, "SELECT lower('Å') = 'å'"):
        raise Fault(f"{what}: databasen skiljer inte på Å och å (dess locale är C). Skapa den med LOCALE 'C.UTF-8'.")


def _ensure_role(connection: Any, role: str, password: str, ours: bool, url: str) -> None:
    name = role_name(role)
    if not _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)):
        _do(connection, sql.SQL("CREATE ROLE {} " + _LIMITS + " PASSWORD %s").format(sql.Identifier(name)), (password,))
        return
    try:
        psycopg2.connect(with_login(url, name, password, DATABASE), connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        if "password authentication failed" not in str(error):
            return  # the database is not there yet
        if not ours:
            raise Fault(
                f"Rollen {name} finns redan på databasservern med ett annat lösenord. Ange FMU_DATABASE_URL_OWNER, "
                "FMU_DATABASE_URL_WEB och FMU_DATABASE_URL_WORKER med de lösenord som gäller."
            ) from None
        _do(connection, sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(name)), (password,))


def _ensure_database(connection: Any) -> None:
    if _one(connection, "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)):
        return
    owner = role_name("owner")
    if not _one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        # PostgreSQL 16: who may create roles is their administrator, yet may not make them owners until granted.
        _do(connection, sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
    locale = "LOCALE 'C.UTF-8'"
    if int(_one(connection, "SHOW server_version_num")) >= 170000:
        locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    _do(
        connection,
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' " + locale).format(
            sql.Identifier(DATABASE), sql.Identifier(owner)
        ),
    )


def ensure(url: str, passwords: Mapping[str, str], what: str, *, ours: bool = False) -> None:
    """See to it that roles and database exist, over a connection that may create them.

    ``ours`` says that the server is the embedded one: a role with another password then gets the one in our file.
    Raises ``Fault``.
    """
    connection = connect(url, what)
    try:
        version = int(_one(connection, "SHOW server_version_num"))
        if version < MINIMUM:
            check(connection, what)
        for role in ROLES:
            _ensure_role(connection, role, passwords[role], ours, url)
        _ensure_database(connection)
        names = sql.SQL(", ").join(sql.Identifier(role_name(role)) for role in ROLES)
        database = sql.Identifier(DATABASE)
        _do(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        _do(connection, sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, names))
    except psycopg2.Error as error:
        reason = (str(error).strip().splitlines() or ["okänt fel"])[0]
        raise Fault(
            f"{what}: rollerna eller databasen kunde inte skapas ({reason}). Använd en roll som får skapa dem."
        ) from None
    finally:
        connection.close()


def check_roles(urls: Urls, what: str) -> None:
    """Raises ``Fault`` unless each role can log in; the database is questioned as its owner."""
    for role in ("web", "worker"):
        connect(getattr(urls, role), f"{what} ({role_name(role)})").close()
    connection = connect(urls.owner, what)
    try:
        check(connection, what)
    finally:
        connection.close()
