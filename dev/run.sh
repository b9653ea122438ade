#!/bin/sh
# Runs a command of package.json with a Node that supports it: `exec` leaves no process between npm and the command, so that
# signals and exit codes need no forwarding.      usage: sh dev/run.sh <command> [argument]...
if ! command -v node >/dev/null; then
  echo 'error: node is not on PATH: install Node 22, 24 or 26 (nodejs.org)' >&2
  exit 1
fi
node=$(node "$(dirname "$0")/preflight.mjs" "$1") || exit 1
exec "$node" "$(dirname "$0")/bootstrap.mjs" "$@"
