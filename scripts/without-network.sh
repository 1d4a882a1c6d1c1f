#!/usr/bin/env bash
# Runs a command where the loopback is the only network: whatever it starts reaches no other machine.
# usage: scripts/without-network.sh <command…>
set -euo pipefail

loopback_up='
import fcntl, socket, struct
flags = 0x1 | 0x40  # IFF_UP | IFF_RUNNING
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", flags))  # SIOCSIFFLAGS
'
inside='python3 -c "$1" && shift && exec "$@"'

if [ "$(id -u)" = 0 ]; then
  exec unshare --net bash -c "$inside" bash "$loopback_up" "$@"
elif unshare --net --map-root-user true 2>/dev/null; then
  exec unshare --net --map-root-user bash -c "$inside" bash "$loopback_up" "$@"
fi
# Some systems keep namespaces from ordinary people.
exec sudo --non-interactive --preserve-env=PATH,HOME unshare --net bash -c "$inside" bash "$loopback_up" \
  sudo --user="$(id -un)" --preserve-env env "PATH=$PATH" "$@"
