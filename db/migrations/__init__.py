"""Alembic migrations; `db.migrate` runs them at start."""
