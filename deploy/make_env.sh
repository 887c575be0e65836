#!/bin/sh
# Writes deploy/.env, the passwords that docker-compose.yml asks for: once, and for this user alone.
# A shell script, so that `make up` needs nothing but Docker.
set -eu
umask 077
file="$(dirname "$0")/.env"

# 40 letters and digits are 238 bits, and stand in a URL as they are.
password() {
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40
}

if [ -e "$file" ]; then
    exit 0
fi
content="# Made by deploy/make_env.sh. The database took its password from here when it was made: keep this file with backups.
WAYPOST_DATABASE_PASSWORD=$(password)
WAYPOST_REDIS_PASSWORD=$(password)

# The settings of docs/configuration.md can stand here too, and where Waypost is published:
# WAYPOST_BIND=127.0.0.1:8050
# WAYPOST_ALLOWED_HOSTS=waypost.example.com
# WAYPOST_SOURCES=zmq://host.docker.internal:5556"
set -C # never over a file that appeared meanwhile
printf '%s\n' "$content" >"$file"
echo "Wrote new passwords to deploy/.env"
