"""TimescaleDB or PostgreSQL, and Redis: all SQL and all keys are in here."""
