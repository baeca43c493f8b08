/**
 * Receives webhooks, and prints each event once, as a line of JSON.
 *
 *     export WEBHOOK_SECRET="whsec_..."   # two of them, separated by a space, while you rotate the secret
 *     node webhook-receiver.mjs --port 8080
 *
 * Put it behind something that speaks https. Needs Node 20 and knowledge-client.
 */

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { UnverifiedWebhookError, verifyWebhook } from "knowledge-client";

const MAX_BODY_BYTES = 64 * 1024;
const REMEMBERED_IDS = 10_000;

const OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8080" },
  secret: { type: "string", multiple: true },
};

function stop(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

function given() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return stop(`${error.message}\nusage: webhook-receiver.mjs [--host HOST] [--port PORT] [--secret whsec_...]...`);
  }
}

const { host, port, secret } = given();
const secrets = secret ?? (process.env.WEBHOOK_SECRET ?? "").split(/\s+/).filter(Boolean);
if (secrets.length === 0) stop("set WEBHOOK_SECRET, or use --secret");
if (!secrets.every((text) => /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text))) {
  stop("a secret is whsec_ and base64; copy it anew");
}
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) stop(`--port ${port} is no port`);

// A message may be delivered several times. In production insert its id and its event into your database in one
// transaction, with the id as unique key, and do the work from there.
const ids = new Set();

function isNew(id) {
  if (ids.has(id)) return false;
  ids.add(id);
  if (ids.size > REMEMBERED_IDS) ids.delete(ids.values().next().value);
  return true;
}

/** Handles one event: this is where your code goes. */
function handle(webhookId, event) {
  console.log(JSON.stringify({ webhookId, event }));
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new UnverifiedWebhookError("the body is too large for a webhook", 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
  try {
    if (request.method !== "POST") throw new UnverifiedWebhookError("webhooks are posted", 405);
    const event = await verifyWebhook(await bodyOf(request), request.headers, secrets);
    // Answer first: a slow answer counts as none, and the message is delivered again.
    response.writeHead(204).end();
    const id = request.headers["webhook-id"];
    if (isNew(id)) setImmediate(handle, id, event);
  } catch (error) {
    const status = error instanceof UnverifiedWebhookError ? error.status : 400;
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
    response.end(status === 400 && !error.status ? "the request is broken" : error.message);
  }
});
server.on("error", (error) => stop(`${error.message}; choose another with --port`));
server.listen(Number(port), host, () => console.log(server.address().port));
