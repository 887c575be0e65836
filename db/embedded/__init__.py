"""PostgreSQL and Valkey run by Waypost itself, from the programs of two wheels, for a start without any set-up."""

from db.embedded.directory import DataDirectory, DirectoryInUse
from db.embedded.running import RunningServers, running_servers
from db.embedded.servers import EmbeddedServers, ServerStatus, start_embedded

__all__ = [
    "DataDirectory",
    "DirectoryInUse",
    "EmbeddedServers",
    "RunningServers",
    "ServerStatus",
    "running_servers",
    "start_embedded",
]
