#!/usr/bin/env bash
# Builds the portal into functions/serve_site/site/portal, unless what lies there is newer than all of its source.
# Without npm nothing is built and this is said; the stack runs, and answers 404 where the portal would be.
set -euo pipefail
cd "$(dirname "$0")/.."

built=functions/serve_site/site/portal/index.html
sources=(portal/src portal/public portal/index.html portal/vite.config.ts portal/package-lock.json clients/typescript/src)
if test -e "$built" && test -z "$(find "${sources[@]}" -newer "$built" -print -quit)"; then exit 0; fi
if ! test -e portal/node_modules/.ready; then
    echo "note: the portal is not built: that takes npm and Node 20.19 or later; then run \`make portal\`" >&2
    exit 0
fi
echo "Building the portal into functions/serve_site/site/portal ..."
(cd portal && node_modules/.bin/vite build --logLevel warn)
