#!/usr/bin/env bash
# A walk through the Developer API: pushes a help centre, publishes it, removes an article, publishes that.
#
#   CHATBOT_API=https://your-host/api CHATBOT_KEY=sk_live_... ./quickstart.sh
#
# Needs bash 4.4, curl and jq.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/developer_api.sh"
for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 2; }
done

refunds='{"externalItemId": "faq/Rückgabe & refunds? 100% #1", "title": "Refunds", "content": "Refunds take 14 days.",
  "language": "en", "tags": ["orders"]}'

# guides FIRST LAST writes guides, a line of JSON each with over 1 KB of Markdown.
guides() {
  jq -nc --argjson first "$1" --argjson last "$2" 'range($first; $last + 1) as $number
    | [range(1; 31) | "\(.). Do as step \(.) of guide \($number) says.\n"] as $steps
    | {externalItemId: "guide-\("00\($number)" | .[-3:])", title: "Guide \($number)",
       content: "# Guide \($number)\n\n\($steps | add)", contentType: "text/markdown",
       url: "https://help.example.com/guides/\($number)"}'
}

# Runs, shows what would change, applies; `generation_id` is what is served from now on.
publish() {
  local run run_id
  run=$(api_start_run "$source_id")
  run_id=$(jq -r .id <<<"$run")
  echo "run $run_id: $(jq -c .counts <<<"$run")"
  api_changes "$source_id" "$run_id" | jq -r '"  \(.change) \(.externalItemId)"' | sed -n '1,3p'
  # A conflict that a retry mends, such as another apply under way, is retried by the client.
  generation_id=$(api_apply_run "$source_id" "$run_id" | jq -r .generationId)
  echo "  published as $generation_id"
}

source_id=$(api_create_source "Help centre (bash)" 7 | jq -r .id)
echo "source $source_id"

api_push_item "$source_id" <<<"$refunds" | jq -r '"pushed one item: \(.result)"'
api_item "$source_id" "$(jq -r .externalItemId <<<"$refunds")" | jq -r '"read back: \(.content)"'

# The client makes a key for every call. Give it one of your own to make even a restarted job safe: the same key with
# the same batch gets the first answer again, and changes nothing.
key=nightly-$(date +%s)-$RANDOM$RANDOM
first=$(guides 1 2 | api_push_batch --key "$key" "$source_id")
again=$(guides 1 2 | api_push_batch --key "$key" "$source_id")
[[ $again != "$first" ]] || again="the same answer"
echo "pushed a batch: $(jq -c .counts <<<"$first"), and again: $again"

# A snapshot is the whole truth: what it does not name is removed. Over 256 KB the client gzips it.
counts=$({ jq -c . <<<"$refunds" && guides 1 300; } | api_replace_items "$source_id")
echo "sent a snapshot: $counts"
publish

# A removed item is served for the source's graceDays; the first run after that drops it.
api_remove_item "$source_id" guide-300 | jq -r '"removed guide-300: \(.state), served until \(.tombstoneDueAt)"'
publish

api_generation_items "$source_id" "$generation_id" | jq -sr --arg where "$generation_id of $source_id" \
  '"generation \($where) serves \(length) items, \(map(.contentBytes) | add) bytes"'
