"""A TimescaleDB for the tests, without Docker: see README.md."""
