"""PostgreSQL and Valkey run by Waypost itself, from the programs of two wheels, for a start without any set-up."""

from db.embedded.directory import DataDirectory
from db.embedded.servers import EmbeddedServers, ServerStatus, start_embedded

__all__ = ["DataDirectory", "EmbeddedServers", "ServerStatus", "start_embedded"]
