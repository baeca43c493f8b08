#!/usr/bin/env bash
# Imports a file of items and waits for the end: one item a line (NDJSON), plain or gzipped, up to 5 GiB.
#
#   CHATBOT_API=https://your-host/api CHATBOT_KEY=sk_live_... ./nightly_import.sh SOURCE_ID FILE [upsert|snapshot]
#
# A snapshot also removes what the file does not name. With more than MAX_REJECTED bad lines (0) nothing is published.
# Run it from cron:
#
#   0 3 * * *  CHATBOT_API=... CHATBOT_KEY=... /path/nightly_import.sh src_... /exports/items.ndjson.gz snapshot
#
# Exit status: 0 completed, 1 completed but for bad lines, 2 failed, 3 could not be asked. The report on bad lines is printed.
#
# With the AWS CLI instead, from within the account that runs the stack; the bucket and the bus are outputs of the stack:
#
#   aws s3 cp items.ndjson.gz "s3://$BUCKET/imports/$TENANT_ID/$SOURCE_ID/items-$(date +%F).ndjson.gz" \
#     --metadata mode=snapshot,apply=true
#
# or, for a file in the bucket that the stack was given to read (its parameter ImportBucketName):
#
#   aws events put-events --entries "[{\"EventBusName\": \"$BUS\", \"Source\": \"nightly\",
#     \"DetailType\": \"knowledge.import.requested\", \"Detail\": \"{\\\"tenantId\\\": \\\"$TENANT_ID\\\",
#     \\\"sourceId\\\": \\\"$SOURCE_ID\\\", \\\"bucket\\\": \\\"exports\\\", \\\"key\\\": \\\"items.ndjson.gz\\\",
#     \\\"mode\\\": \\\"snapshot\\\", \\\"apply\\\": true}\"}]"
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: $0 SOURCE_ID FILE [upsert|snapshot]" >&2; exit 3; }
source_id=$1 file=$2 mode=${3:-upsert}
[ -n "${CHATBOT_API-}" ] && [ -n "${CHATBOT_KEY-}" ] || {
  echo "set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (a key with items:write, runs:write and runs:apply)" >&2
  exit 3
}
imports="$CHATBOT_API/v1/sources/$source_id/imports"

for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 3; }
done
[ -r "$file" ] || { echo "$file cannot be read" >&2; exit 3; }

# The key goes through a file descriptor, so that no list of processes shows it.
api() {
  curl --silent --show-error --fail-with-body --retry 5 --max-time 60 \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$CHATBOT_KEY") "$@"
}

# With an Idempotency-Key a retry finds the import of the first try.
asked=$(api --request POST "$imports" --header "Content-Type: application/json" \
  --header "Idempotency-Key: nightly-$(date +%s)-$$" \
  --data "$(jq -n --arg mode "$mode" --argjson most "${MAX_REJECTED:-0}" \
    '{mode: $mode, apply: true, maxRejected: $most}')") || { echo "$asked" >&2; exit 3; }
id=$(jq -r .import.id <<<"$asked")

# The link takes one file, once. Its headers are signed, so they are sent as they are.
headers=()
while IFS= read -r header; do headers+=(--header "$header"); done \
  < <(jq -r '.upload.headers | to_entries[] | "\(.key): \(.value)"' <<<"$asked")
# A redirect is a failure too: the signature covers the host, and curl by itself calls a 3xx a success.
answered=$(curl --silent --show-error --fail-with-body --output /dev/stderr --write-out '%{http_code}' \
  --upload-file "$file" "${headers[@]}" "$(jq -r .upload.url <<<"$asked")") && [[ $answered == 2?? ]] \
  || { echo "the upload failed: ${answered-}" >&2; exit 3; }

state=
while :; do
  now=$(api "$imports/$id") || { echo "$now" >&2; exit 3; }
  state=$(jq -r .import.state <<<"$now")
  jq -r '.import | "\(.id) \(.state): \(.linesRead) lines, \(.bytesRead) of \(.bytesTotal // "?") bytes"' <<<"$now"
  case $state in completed | completed_with_errors | failed | cancelled | expired) break ;; esac
  sleep "${POLL_SECONDS:-10}"
done

jq -c '.import | {state, counts, generationId, error}' <<<"$now"
report=$(jq -r '.import.report.url // empty' <<<"$now")
[ -z "$report" ] || curl --silent --show-error "$report" >&2
case $state in
  completed) ;;
  completed_with_errors) exit 1 ;;
  *) exit 2 ;;
esac
