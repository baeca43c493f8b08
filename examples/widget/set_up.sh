#!/usr/bin/env bash
# Makes a key for a site and fills in the page:
#
#     ./set_up.sh SOURCE_ID ORIGIN > page/index.html      needs CHATBOT_API and CHATBOT_ADMIN_KEY, curl, jq and uuidgen
set -euo pipefail
source_id=$1 origin=$2
get() { curl -sS --fail-with-body "$@"; }

key=$(get -X POST "$CHATBOT_API/v1/admin/keys" -H "Authorization: Bearer $CHATBOT_ADMIN_KEY" \
  -H "Content-Type: application/json" -H "Idempotency-Key: $(uuidgen)" \
  -d "$(jq -n --arg id "$source_id" --arg origin "$origin" \
    '{name: "help page", kind: "browser", sourceIds: [$id], allowedOrigins: [$origin]}')" | jq -r .secret)
manifest=$(get "$CHATBOT_API/site/widget/widget.json")
sed -e "s|API_ORIGIN|$(cut -d/ -f1-3 <<<"$CHATBOT_API")|g" -e "s|BROWSER_KEY|$key|" -e "s|\"API/|\"$CHATBOT_API/|" \
  -e "s|FILE|$(jq -r .file <<<"$manifest")|" -e "s|INTEGRITY|$(jq -r .integrity <<<"$manifest")|" index.html
