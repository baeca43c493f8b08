// Reads calls of the TypeScript client, a line of JSON each, and writes what came of them, a line each.
//
//     {"operation": "pushItem", "arguments": [...], "baseUrl": "...", "key": "..."}  the client, without its waits
//     {"operation": "verify", "body": "<base64>", "headers": {...}, "secrets": [...]}
//     {"operation": "codes"}  which errors are tried again
//     {"operation": "surface"}  what the package and the parts of a client have

import { createInterface } from "node:readline";
import { package_ } from "./scripted.mjs";

const { KnowledgeClient, verifyWebhook } = package_;
const OPERATIONS = {
  pushItem: (api, source, item) => api.items.push(source, item),
  pushBatch: (api, source, items, more) => api.items.pushBatch(source, items, more),
  item: (api, source, name) => api.items.get(source, name),
  items: (api, source, query) => api.items.list(source, query).toArray(),
  removeItem: (api, source, name) => api.items.remove(source, name),
  replaceItems: (api, source, items, more) => api.items.replace(source, items, more),
  startRun: (api, source, mode = "incremental") => api.runs.start(source, { mode }),
  applyRun: (api, source, run, more) => api.runs.apply(source, run, more),
};

/** What each part of a client can do, by its name; the client itself is `client`. */
function surface() {
  const client = new KnowledgeClient({ baseUrl: "https://host", key: "k" });
  const members = (of) => Object.getOwnPropertyNames(Object.getPrototypeOf(of)).filter((name) => name !== "constructor");
  const parts = Object.entries(client).map(([name, part]) => [name, members(part)]);
  const named = Object.entries(package_).filter(([, each]) => typeof each === "function").map(([name]) => name);
  return { ...Object.fromEntries(parts), client: members(client), listing: members(client.sources.list()), package: named };
}

async function answer(call) {
  if (call.operation === "surface") return surface();
  if (call.operation === "verify") return verifyWebhook(Buffer.from(call.body, "base64"), call.headers, call.secrets);
  if (call.operation === "codes") {
    const retrying = await import(process.env.CLIENT_BUILD + "/retrying.js");
    const names = ["TRANSIENT_CONFLICTS", "LASTING_FAILURES", "REFUSED_BEFORE_WORK"];
    return Object.fromEntries(names.map((name) => [name, [...retrying[name]]]));
  }
  const client = new KnowledgeClient({
    baseUrl: call.baseUrl,
    key: call.key,
    sleep: async (seconds) => void call.waits.push(seconds),
    retries: { dice: () => 0.5 + Math.random() / 2 },
  });
  return OPERATIONS[call.operation](client, ...call.arguments);
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = { ...JSON.parse(line), waits: [] };
  let outcome;
  try {
    outcome = { result: await answer(call) };
  } catch ({ name, message, code, status, details, requestId }) {
    // The checks have no other name for it.
    outcome = { error: { name: name.replace(/^FailedError$/, "RunFailedError"), message, code, status, details, requestId } };
  }
  console.log(JSON.stringify({ ...outcome, waits: call.waits }));
}
