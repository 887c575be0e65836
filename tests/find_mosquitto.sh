#!/usr/bin/env bash
# Prints the path of a Mosquitto for the MQTT tests; installs one where that can be done. Messages go to stderr.
set -u
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
command -v mosquitto && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing Mosquitto with apt-get" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends mosquitto; } >&2
    command -v mosquitto && exit 0
fi
echo "No Mosquitto could be found or installed; install it (apt-get install mosquitto) to run the MQTT tests." >&2
exit 1
