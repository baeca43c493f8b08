#!/usr/bin/env bash
# Verifies a webhook by Standard Webhooks 1.0: prints the body if one of the secrets signed it within five minutes.
#
#   export WEBHOOK_SECRET="whsec_..."    # two of them, separated by a space, while you rotate the secret
#   ./verify_webhook.sh WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE [FILE] <body
#
# The three are the headers of the request, and the body what came over the wire, byte for byte: JSON that was parsed
# and written again has another signature. Exit status: 0 verified, 1 not to be believed, 2 could not be verified; the
# reason is on standard error. Needs bash, openssl, od and awk.
#
# The same message may be delivered several times: remember the ids that you have handled.
set -euo pipefail

TOLERANCE_SECONDS=300
BLOCK_BYTES=64

refuse() { echo "$1" >&2 && exit 1; }
stop() { echo "$1" >&2 && exit 2; }

# The bytes of standard input in hexadecimal, and the way back.
to_hex() { od -An -v -tx1 | tr -d ' \n'; }
# shellcheck disable=SC2001
from_hex() { printf %b "$(sed 's/../\\x&/g' <<<"$1")"; }
sha256_hex() { openssl dgst -sha256 -binary | to_hex; }

# pad HEX_KEY BYTE: the key filled up to a block, each byte exclusive-or BYTE.
pad() {
  local at
  for ((at = 0; at < BLOCK_BYTES; at++)); do
    local byte=${1:at*2:2}
    printf '%02x' "$((0x${byte:-00} ^ $2))"
  done
}

# HMAC by RFC 2104 over $work/signed; openssl's own takes the key on the command line, where everybody sees it.
hmac_hex() {
  local inner
  inner=$({ from_hex "$(pad "$1" 0x36)" && cat "$work/signed"; } | sha256_hex)
  from_hex "$(pad "$1" 0x5c)$inner" | sha256_hex
}

# Compares by digests with a random prefix: how long that takes tells nothing about the signature that was expected.
same() {
  local salt
  salt=$(od -An -N 16 -tx1 /dev/urandom)
  [[ $(sha256_hex <<<"$salt$1") == "$(sha256_hex <<<"$salt$2")" ]]
}

(($# == 3 || $# == 4)) || stop "usage: $0 WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE [FILE] <body"
id=$1 timestamp=$2 signatures=$3 file=${4:-/dev/stdin}
[[ -n ${WEBHOOK_SECRET-} ]] || stop "set WEBHOOK_SECRET"
[[ -n $id && -n $timestamp && -n $signatures ]] || refuse "one of the three headers is missing: this is no webhook"
[[ $timestamp =~ ^[1-9][0-9]{0,11}$ ]] || refuse "the timestamp is no number of seconds"
age=$(($(date +%s) - timestamp))
((-TOLERANCE_SECONDS <= age && age <= TOLERANCE_SECONDS)) \
  || refuse "the message was not signed within the last five minutes: it is $age s old"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat -- "$file" >"$work/body" || stop "$file can't be read"
{ printf '%s.%s.' "$id" "$timestamp" && cat "$work/body"; } >"$work/signed"

read -ra secrets <<<"$WEBHOOK_SECRET"
read -ra given <<<"$signatures"
for secret in "${secrets[@]}"; do
  key=$(printf %s "${secret#whsec_}" | openssl base64 -d -A 2>/dev/null | to_hex)
  [[ $secret == whsec_* && -n $key ]] || stop "a secret is whsec_ and base64; copy it anew"
  ((${#key} <= 2 * BLOCK_BYTES)) || key=$(from_hex "$key" | sha256_hex)
  expected=$(from_hex "$(hmac_hex "$key")" | openssl base64 -A)
  for signature in "${given[@]}"; do
    if same "$signature" "v1,$expected"; then
      cat "$work/body"
      exit 0
    fi
  done
done
refuse "none of the secrets signed this message"
