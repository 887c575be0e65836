"""The lake: all that was received, as Parquet by day and source, for DuckDB, Spark and others."""
