#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests; installs one where there is none. Messages go to stderr.
set -u
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && exit 0
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium with apt-get" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >&2
    command -v chromium && exit 0
fi
echo "Installing Playwright's own Chromium" >&2
.venv/bin/python -m playwright install chromium >&2
.venv/bin/python -c '
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.stdout.write(p.chromium.executable_path)
' && exit 0
echo "No Chromium could be found or installed; install it and run make test again." >&2
exit 1
