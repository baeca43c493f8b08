# shellcheck shell=bash disable=SC2030,SC2031
# A client for the Developer API as functions for bash, made to be copied. Needs bash 4.4, curl, jq, awk and gzip.
#
#   . ./developer_api.sh    # CHATBOT_API=https://your-host/api CHATBOT_KEY=sk_live_...
#   source_id=$(api_create_source "Help centre" | jq -r .id)
#   api_push_item "$source_id" <<<'{"externalItemId": "faq-1", "title": "Refunds", "content": "Within 14 days."}'
#   run_id=$(api_start_run "$source_id" | jq -r .id)
#   api_changes "$source_id" "$run_id"
#   api_apply_run "$source_id" "$run_id" | jq -r .generationId
#
# Every call is tried again after what a retry mends (no answer, 429, 5xx, transient conflicts), and every call that
# changes something carries an Idempotency-Key, the same in all its tries, so that none of them does the work twice.
#
# A function prints JSON: one object, or for a list one object a line, read page after page. When the request is
# refused for good it prints nothing but, on standard error, a last line {"code", "status", "error", "requestId",
# "details"}; decide by its code, or by the exit status:
API_INVALID_REQUEST=40 # 400, 413, 415: the request has to be changed
API_UNAUTHORIZED=41    # 401: the key is missing, mistyped, expired or revoked
API_RATE_LIMITED=42    # 429 after all the tries
API_FORBIDDEN=43       # 403: the key may not do this
API_NOT_FOUND=44       # 404: there is no such thing, or it is not yours
API_CONFLICT=49        # 409 when a retry does not help, or did not in all the tries
API_SERVER_ERROR=50    # 5xx after all the tries
API_NO_ANSWER=60       # no answer in all the tries; the work may have been done
API_RUN_FAILED=70      # a run could not be planned; start another
API_OTHER=1            # anything else
API_MISUSED=2          # no request was made

API_TRIES=8
API_GZIP_OVER_BYTES=$((256 * 1024))
# A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress.
API_PART_ITEMS=1000
API_PART_BYTES=3500000
API_LONGEST_WAIT_SECONDS=120

# Any request

# api_request [--body FILE] [--key IDEMPOTENCY_KEY] [--final "CODE CODE"] METHOD PATH
# PATH is everything after /api; FILE is the JSON of the body, - for standard input. Codes that are final are told at
# once although a retry could help.
api_request() (
  set +e
  body='' key='' final=''
  while [[ ${1-} == --* ]]; do
    case $1 in
      --body) body=$2 ;;
      --key) key=$2 ;;
      --final) final=$2 ;;
      *) _api_misused "api_request has no $1" || exit ;;
    esac
    shift 2
  done
  method=$1 path=$2 base=${CHATBOT_API-}
  [[ $base =~ ^https?:// && ${CHATBOT_KEY-} =~ ^[A-Za-z0-9._~+/=-]+$ ]] \
    || _api_misused "set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (sk_live_...)" || exit
  [[ $key != *[$'\n\r']* ]] || _api_misused "an Idempotency-Key is one line" || exit
  work=$(mktemp -d) || exit "$API_MISUSED"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  _api_write_request || exit "$API_MISUSED"
  for ((tried = 1; ; tried++)); do
    if _api_try_once; then
      cat "$work/answer" && echo
      exit
    fi
    if ((tried >= API_TRIES)) || ! _api_is_transient; then
      echo "$error" >&2
      exit "$(_api_exit_status)"
    fi
    wait=$(_api_seconds_to_wait)
    jq -r --arg wait "$wait" '"\(.error) (\(.code)); trying again in \($wait) s"' <<<"$error" >&2
    api_sleep "$wait"
  done
)

# Waits for so many seconds.
api_sleep() { sleep "$1"; }

# api_pages PATH PLURAL [NAME=VALUE...] prints the entries of a list, one a line.
api_pages() {
  local path=$1 plural=$2 query page cursor=''
  shift 2
  query=$(_api_query limit=200 "$@") || return
  while :; do
    page=$(api_request GET "$path?$query$cursor") || return
    jq -c --arg plural "$plural" '.[$plural][]' <<<"$page" || return
    cursor=$(jq -r '.nextCursor // "" | @uri' <<<"$page") || return
    [[ -n $cursor ]] || return 0
    cursor="&cursor=$cursor"
  done
}

# Percent-encodes one part of a path: an externalItemId may hold /, spaces and any Unicode.
api_segment() {
  case $1 in '' | . | ..) _api_misused "'$1' can't be an id" || return ;; esac
  printf %s "$1" | jq -Rrs @uri
}

# Sources and items. Items come on standard input, a line of JSON each (NDJSON), and go out as they are.

# The sources that the key reaches, newest first.
api_sources() { api_pages /v1/sources sources; }

# api_create_source NAME [GRACE_DAYS]
api_create_source() {
  jq -n --arg name "$1" --argjson days "${2:-null}" \
    '{name: $name} + if $days == null then {} else {graceDays: $days} end' \
    | _api_part source --body - POST /v1/sources
}

# api_push_item SOURCE_ID <ITEM creates or replaces one item; prints {item, result}.
api_push_item() { api_request --body - POST "/v1/sources/$1/items"; }

# api_push_batch [--key IDEMPOTENCY_KEY] SOURCE_ID [REMOVED_ID...] <ITEMS pushes and removes up to 5 000 items, and
# leaves the others; prints {counts, results}.
api_push_batch() {
  local options=() removals='[]' source_id
  [[ $1 != --key ]] || { options=(--key "$2") && shift 2; }
  source_id=$1
  shift
  (($# == 0)) || removals=$(printf '%s\n' "$@" | jq -Rnc '[inputs | {externalItemId: .}]') || return
  _api_items_body "\"removals\":$removals" \
    | api_request --body - "${options[@]}" POST "/v1/sources/$source_id/items/batch"
}

# api_items SOURCE_ID [state=STATE] [prefix=PREFIX] [include=content] prints what is staged.
api_items() { api_pages "/v1/sources/$1/items" items "${@:2}"; }

# api_item SOURCE_ID ID prints a staged item with its content.
api_item() { _api_item GET "$@"; }

# api_remove_item SOURCE_ID ID removes an item; it is served until the source's graceDays have passed.
api_remove_item() { _api_item DELETE "$@"; }

# api_replace_items SOURCE_ID [ALLOW_EMPTY] <ITEMS makes the staging set exactly these items, in parts if they are many;
# prints how many came to what. Without items it needs ALLOW_EMPTY to be true.
api_replace_items() (
  set +e
  path=/v1/sources/$1 allow_empty=${2:-false} open='' meant='' status=0
  work=$(mktemp -d) || exit "$API_MISUSED"
  # An open snapshot would stand in the way of the next one, and of runs, for a day.
  trap '[[ -z $open ]] || API_TRIES=1 api_request DELETE "$open" &>/dev/null; rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  _api_cut_into_parts "$work" || exit "$API_MISUSED"
  if [[ ! -e $work/part-000002 ]]; then
    answer=$({ cat "$work"/part-* 2>/dev/null || :; } | _api_items_body "\"allowEmpty\":$allow_empty" \
      | api_request --body - POST "$path/items/snapshot") || exit
  else
    answer=$(api_request POST "$path/snapshots") || exit
    open=$path/snapshots/$(jq -r .snapshot.id <<<"$answer")
    for part in "$work"/part-*; do
      _api_items_body <"$part" | api_request --body - PUT "$open/parts/$((10#${part##*-}))" >/dev/null || status=$?
      ((status == 0)) || exit "$status"
    done
    open=''
    # A part that was lost would take its items along.
    meant=$(jq -nc --argjson parts "$(ls "$work"/part-* | wc -l)" --argjson items "$(cat "$work"/part-* | wc -l)" '$ARGS.named')
  fi
  # An answer without counts is a snapshot that is still to be completed; so many removals take a few requests.
  until counts=$(jq -ce '.counts // (.snapshot | select(.state == "completed") | .counts)' <<<"$answer"); do
    completing=$path/snapshots/$(jq -r .snapshot.id <<<"$answer")/complete
    answer=$(echo "$meant" | api_request ${meant:+--body -} POST "$completing") || exit
  done
  echo "$counts"
)

# Runs and generations

# api_start_run SOURCE_ID [MODE] finds what differs from the published state; prints the run once it is planned.
api_start_run() {
  local path=/v1/sources/$1/runs run failure
  run=$(jq -n --arg mode "${2:-incremental}" '{mode: $mode}' | _api_part run --body - POST "$path") || return
  while [[ $(jq -r .state <<<"$run") == planning ]]; do
    api_sleep 1
    run=$(_api_part run GET "$path/$(jq -r .id <<<"$run")") || return
  done
  if [[ $(jq -r .state <<<"$run") == failed ]]; then
    failure=$(jq -r '"\(.id): \(.lastError.message // "the run failed")"' <<<"$run")
    _api_error "$(jq -r '.lastError.code // "run_failed"' <<<"$run")" "$failure" >&2
    return "$API_RUN_FAILED"
  fi
  echo "$run"
}

# api_changes SOURCE_ID RUN_ID [change=KIND] prints a run's changes: all, or those that are added, updated, removed,
# restored or tombstoned.
api_changes() { api_pages "/v1/sources/$1/runs/$2/changes" changes "${@:3}"; }

# api_apply_run SOURCE_ID RUN_ID [planVersion=N] [approveRemovals=N] publishes a run; prints {status, generationId,
# counts}. With the planVersion that was reviewed a run that was planned again since is refused (stale_plan), not
# published. approveRemovals is how many removals may pass the source's removalGuard.
api_apply_run() {
  local path=/v1/sources/$1/runs/$2/apply final=''
  shift 2
  [[ " $*" != *" planVersion="* ]] || final="stale_plan stale_base"
  printf '%s\n' "$@" \
    | jq -Rn '[inputs | select(. != "") | split("=") | {key: .[0], value: (.[1] | tonumber)}] | from_entries' \
    | api_request --body - --final "$final" POST "$path"
}

# api_generation SOURCE_ID [GENERATION_ID] prints a generation; by default the one that is served.
api_generation() { _api_part generation GET "/v1/sources/$1/generations/${2:-current}"; }

# api_generation_items SOURCE_ID [GENERATION_ID] [include=content] prints what a generation serves.
api_generation_items() { api_pages "/v1/sources/$1/generations/${2:-current}/items" items "${@:3}"; }

# What the functions above are made of. Those without arguments work on the variables of api_request.

_api_item() {
  local segment
  segment=$(api_segment "$3") || return
  _api_part item "$1" "/v1/sources/$2/items/$segment"
}

# _api_part NAME, then as api_request: prints one part of the answer.
_api_part() {
  local answer
  answer=$(api_request "${@:2}") || return
  jq -c --arg name "$1" '.[$name]' <<<"$answer"
}

# _api_error CODE MESSAGE
_api_error() {
  jq -cn --arg code "$1" --arg error "$2" '{code: $code, status: null, error: $error, requestId: null, details: []}'
}

_api_misused() {
  _api_error misused "$1" >&2
  return "$API_MISUSED"
}

_api_query() {
  printf '%s\n' "$@" | jq -Rrn '[inputs | index("=") as $at | "\(.[:$at])=\(.[$at + 1:] | @uri)"] | join("&")'
}

# Joins lines of JSON to the body {"items": [...], MORE}.
_api_items_body() {
  printf '{"items":['
  sed '/^[[:space:]]*$/d' | paste -sd , -
  printf ']%s}' "${1:+,$1}"
}

_api_cut_into_parts() {
  LC_ALL=C awk -v folder="$1" -v most_items="$API_PART_ITEMS" -v most_bytes="$API_PART_BYTES" '
    /[^ \t\r]/ {
      bytes += length($0) + 1
      if (file == "" || ++items > most_items || bytes > most_bytes) {
        if (file != "") close(file)
        file = sprintf("%s/part-%06d", folder, ++parts)
        items = 1
        bytes = length($0) + 1
      }
      print > file
    }'
}

_api_write_request() {
  # The key goes through a file, so that no list of processes shows it.
  printf 'header = "Authorization: Bearer %s"\n' "$CHATBOT_KEY" >"$work/curl.conf"
  if [[ $method != GET ]]; then
    : "${key:=$(od -An -N 16 -tx1 /dev/urandom | tr -d ' \n')}"
    key=${key//\\/\\\\}
    printf 'header = "Idempotency-Key: %s"\n' "${key//\"/\\\"}" >>"$work/curl.conf"
  fi
  [[ -n $body ]] || return 0
  cat -- "$body" >"$work/body" || return
  echo 'header = "Content-Type: application/json"' >>"$work/curl.conf"
  if (($(wc -c <"$work/body") > API_GZIP_OVER_BYTES)); then
    gzip -c "$work/body" >"$work/body.gz" && mv "$work/body.gz" "$work/body" || return
    echo 'header = "Content-Encoding: gzip"' >>"$work/curl.conf"
  fi
  printf 'data-binary = "@%s"\n' "$work/body" >>"$work/curl.conf"
}

# Leaves the answer of the API in $work/answer and returns 0, or returns 1 with $status, $code, $error (the line of
# JSON) and $after, the seconds that Retry-After names.
_api_try_once() {
  after=''
  : >"$work/answer" && : >"$work/headers"
  if ! status=$(curl --silent --show-error --max-time 60 --request "$method" --header Expect: \
    --config "$work/curl.conf" --dump-header "$work/headers" --output "$work/answer" --write-out '%{http_code}' \
    "${base%/}$path" 2>"$work/said"); then
    status=0 code=no_answer
    error=$(_api_error "$code" "$method $path: $(head -n 1 "$work/said")")
    return 1
  fi
  if ((status >= 200 && status < 300)) && jq -e 'type == "object"' "$work/answer" &>/dev/null; then
    return 0
  fi
  error=$(jq -Rsc --arg what "$method $path" --arg status "$status" --arg id "$(_api_header x-request-id)" '
    (try fromjson catch {}) | if type == "object" then . else {} end
    | {code: (.code // "http_\($status)"), status: ($status | tonumber),
       error: "\($what): \(.error // "HTTP \($status) without an error of the API; is CHATBOT_API right?")",
       requestId: (if $id == "" then null else $id end), details: (.details // [])}' "$work/answer")
  code=$(jq -r .code <<<"$error")
  after=$(_api_header retry-after)
  [[ $after =~ ^[0-9]{1,9}$ ]] || after=''
  return 1
}

_api_header() {
  awk -v name="$1:" 'tolower($1) == name { value = $2 } END { sub(/\r$/, "", value); print value }' "$work/headers"
}

_api_is_transient() {
  [[ " $final " != *" $code "* ]] || return 1
  ((10#${after:-0} <= API_LONGEST_WAIT_SECONDS)) || return 1
  case $status:$code in
    0:* | 429:* | 5??:*) ;;
    409:apply_conflict | 409:stale_plan | 409:stale_base | 409:lease_lost) ;;
    409:run_in_progress | 409:apply_in_progress | 409:idempotency_in_progress) ;;
    *) return 1 ;;
  esac
}

# Retry-After, or an exponential backoff up to 30 s. Jitter, so that clients which were refused together do not come
# back together.
_api_seconds_to_wait() {
  awk -v after="${after:--1}" -v tried="$tried" -v random="$RANDOM" 'BEGIN {
    seconds = 0.5 * 2 ^ (tried - 1)
    if (seconds > 30) seconds = 30
    seconds *= 0.5 + random / 65536
    if (after >= 0) seconds = after + random / 32768
    printf "%.3f\n", seconds
  }'
}

_api_exit_status() {
  case $status in
    0) echo "$API_NO_ANSWER" ;;
    400 | 413 | 415) echo "$API_INVALID_REQUEST" ;;
    401) echo "$API_UNAUTHORIZED" ;;
    403) echo "$API_FORBIDDEN" ;;
    404) echo "$API_NOT_FOUND" ;;
    409) echo "$API_CONFLICT" ;;
    429) echo "$API_RATE_LIMITED" ;;
    5??) echo "$API_SERVER_ERROR" ;;
    *) echo "$API_OTHER" ;;
  esac
}
