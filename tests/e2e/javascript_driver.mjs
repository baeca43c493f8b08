// Reads calls of the JavaScript example, a line of JSON each, and writes what came of them, a line each.
//
//     {"operation": "pushItem", "arguments": [...], "baseUrl": "...", "key": "..."}  the client, without its waits
//     {"operation": "verify", "body": "<base64>", "headers": {...}, "secrets": [...]}
//     {"operation": "sign", "body": "<base64>", "id": "...", "secret": "..."}

import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";
import { DeveloperApi } from "../../examples/javascript/developer-api.mjs";
import { verify } from "../../examples/javascript/webhook-verification.mjs";

async function answer(call) {
  if (call.operation === "verify") return verify(Buffer.from(call.body, "base64"), call.headers, call.secrets);
  if (call.operation === "sign") {
    return new Webhook(call.secret).sign(call.id, new Date(call.at * 1_000), Buffer.from(call.body, "base64").toString());
  }
  const sleep = async (seconds) => call.waits.push(seconds);
  const api = new DeveloperApi({ baseUrl: call.baseUrl, key: call.key, sleep });
  const result = api[call.operation](...call.arguments);
  if (!result[Symbol.asyncIterator]) return result;
  const entries = [];
  for await (const entry of result) entries.push(entry);
  return entries;
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = { ...JSON.parse(line), waits: [] };
  let outcome;
  try {
    outcome = { result: await answer(call) };
  } catch ({ name, message, code, status, details, requestId }) {
    outcome = { error: { name, message, code, status, details, requestId } };
  }
  console.log(JSON.stringify({ ...outcome, waits: call.waits }));
}
