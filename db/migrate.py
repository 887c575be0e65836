"""Brings the tables of a database to this version of Waypost."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from core.errors import StartupError

# Any constant does, as long as every Waypost uses the same: two processes that start at once take turns.
_LOCK = 7_208_513


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to `revision`, one process at a time.

    Raises StartupError where the database was made by a newer Waypost.
    """
    config = _config()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if inspect(connection).has_table("alembic_version"):
            current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if current is not None and current not in known:
                raise StartupError(
                    f"The database is at revision {current}, which this Waypost does not know: it was used by a newer"
                    " version. Start that version, or use another database."
                )
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to `revision`; "base" drops everything."""
    config = _config()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
