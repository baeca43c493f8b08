// What is sent, what is sent again, and what comes of an answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { answer, broken, ITEM, KEY, package_, refusal, script } from "./scripted.mjs";

const { KnowledgeClient } = package_;
const unavailable = refusal(503, "unavailable");

async function failure(promise, name) {
  try {
    await promise;
  } catch (error) {
    assert.equal(error.name, name, inspect(error));
    return error;
  }
  return assert.fail(`no ${name}`);
}

test("waits double to a bound, and a share of each is waited", async () => {
  const it = script(...Array(9).fill(unavailable));
  await failure(it.client.sources.get("src_1"), "ServerError");
  assert.deepEqual(it.waits, [0.5, 1, 2, 4, 8, 15, 15]);
  const eager = script(...Array(9).fill(unavailable));
  await failure(eager.make({ retries: { tries: 3, dice: () => 0 } }).sources.get("src_1"), "ServerError");
  assert.deepEqual(eager.waits, [0, 0]);
});

test("Retry-After is waited out, in seconds and as a date, unless it is too long", async () => {
  const soon = new Date(Date.now() + 60_000).toUTCString();
  const it = script(
    refusal(429, "rate_limited", undefined, { "Retry-After": "7" }),
    refusal(503, "unavailable", undefined, { "Retry-After": soon }),
    refusal(503, "unavailable", undefined, { "Retry-After": "soon, 2" }),
    answer(200, { source: 1 }),
  );
  assert.equal(await it.client.sources.get("src_1"), 1);
  assert.equal(it.waits[0], 7.5);
  assert.ok(it.waits[1] > 55 && it.waits[1] < 61);
  assert.equal(it.waits[2], 2);
  const long = script(refusal(429, "rate_limited", undefined, { "Retry-After": "121" }));
  assert.equal((await failure(long.client.sources.get("src_1"), "RateLimitedError")).retryAfter, 121);
});

test("a question is asked once, unless the API refused it before any work", async () => {
  for (const [refused, name] of [[unavailable, "ServerError"], [broken(), "NoAnswerError"]]) {
    const it = script(refused);
    await failure(it.client.ask({ question: "Why?" }), name);
    assert.equal(it.requests.length, 1);
    assert.equal(it.requests[0].headers.get("Idempotency-Key"), null);
  }
  const it = script(refusal(429, "rate_limited"), refusal(503, "index_upgrading"), answer(200, { status: "answered" }));
  assert.equal((await it.client.ask({ question: "Why?" })).status, "answered");
  const search = script(unavailable, answer(200, { results: [], nextCursor: null }));
  assert.deepEqual(await search.client.search({ query: "q" }), { results: [], nextCursor: null });
});

test("a lasting failure is told at once", async () => {
  for (const code of ["index_too_large", "index_damaged"]) {
    const it = script(refusal(500, code));
    await failure(it.client.search({ query: "q" }), "ServerError");
  }
  await failure(script(refusal(409, "removal_guard")).client.runs.apply("src_1", "run_1"), "ConflictError");
});

test("every change has a key of its own, the same in all its tries", async () => {
  const it = script(unavailable, broken(), answer(201, {}), answer(201, {}), answer(201, {}));
  await it.client.items.push("src_1", ITEM);
  await it.client.items.push("src_1", ITEM);
  await it.client.items.push("src_1", ITEM, { idempotencyKey: "mine" });
  const keys = it.requests.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[4], "mine");
  for (const idempotencyKey of ["", "ü", "a\nb", "a".repeat(256)]) {
    await failure(it.client.items.push("src_1", ITEM, { idempotencyKey }), "InvalidArgumentError");
  }
});

test("who listens is told of each try", async () => {
  const told = [];
  const it = script(unavailable, answer(200, { source: {} }));
  await it.make({ onRetry: (error, wait) => told.push([error.code, wait]) }).sources.get("src_1");
  assert.deepEqual(told, [["unavailable", 0.5]]);
});

test("an error has what the API says, and names the item", async () => {
  const details = [0, 1, 2, 3].map((index) => {
    return { index, externalItemId: `id-${index}`, path: `items[${index}].title`, message: "is too long" };
  });
  const it = script(refusal(400, "validation_error", details));
  const error = await failure(it.client.items.pushBatch("src_1", [ITEM]), "InvalidRequestError");
  assert.ok(error instanceof package_.ApiError && error instanceof package_.KnowledgeError && error instanceof Error);
  assert.deepEqual(
    [error.code, error.status, error.requestId, error.reason, error.doing],
    ["validation_error", 400, "request-of-validation_error", "about validation_error", "POST /api/v1/sources/src_1/items/batch"],
  );
  assert.deepEqual(error.faults[3], { index: 3, externalItemId: "id-3", path: "items[3].title", message: "is too long" });
  assert.match(error.message, /items\[2\]\.title \(id-2\) is too long; and 1 more \(validation_error\)$/);
});

test("absence is believed of the API alone", async () => {
  const page = () => new Response("<html>no such page</html>", { status: 404 });
  assert.equal((await failure(script(page).client.generations.get("src_1"), "UnexpectedAnswerError")).code, "http_404");
  await failure(script(refusal(404, "not_found")).client.generations.get("src_1"), "NotFoundError");
  for (const body of ["<html>", "[]", "null", '"x"', ""]) {
    const welcome = () => new Response(body, { status: 200 });
    await failure(script(welcome).client.generations.get("src_1"), "UnexpectedAnswerError");
  }
});

test("a redirect is not followed, and its secrets are not told", async () => {
  const moved = () => new Response(null, { status: 302, headers: { Location: "https://thief.example/x?token=t" } });
  const it = script(moved);
  const error = await failure(it.client.sources.get("src_1"), "UnexpectedAnswerError");
  assert.equal(it.requests[0].redirect, "manual");
  assert.match(error.message, /HTTP 302 to https:\/\/thief\.example\/x, which is not followed/);
  // What a browser shows of one.
  const opaque = () => Object.defineProperties(new Response(null), { type: { value: "opaqueredirect" }, ok: { value: false } });
  assert.match((await failure(script(opaque).client.sources.get("src_1"), "UnexpectedAnswerError")).message, /not followed/);
});

test("an answer that is too large is not read to its end", async () => {
  let pulled = 0;
  const endless = () =>
    new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array((pulled += 1, 4 * 1024 * 1024))) }), { status: 200 });
  assert.equal((await failure(script(endless).client.health(), "UnexpectedAnswerError")).code, "answer_too_large");
  assert.ok(pulled < 12);
});

test("the key goes into its header, and is shown nowhere", async () => {
  const it = script(refusal(401, "invalid_key"), answer(200, {}));
  const error = await failure(it.client.whoAmI(), "UnauthorizedError");
  await it.client.health();
  assert.equal(it.requests[0].headers.get("Authorization"), `Bearer ${KEY}`);
  const lost = await failure(script(broken()).make({ retries: { tries: 1 } }).whoAmI(), "NoAnswerError");
  const all = { depth: Number.POSITIVE_INFINITY, showHidden: true };
  for (const each of [error, lost, it.client]) {
    assert.ok(!inspect(each, all).includes(KEY) && !`${each} ${JSON.stringify(each)} ${each.stack}`.includes(KEY));
  }
  await assert.rejects(async () => new KnowledgeClient({ baseUrl: "https://h", key: `${KEY} x` }), (refused) => {
    return refused.name === "SettingsError" && !inspect(refused, all).includes(KEY);
  });
});

test("the address and the key are taken as people copy them", () => {
  const at = (baseUrl, key = KEY) => new KnowledgeClient({ baseUrl, key }).baseUrl;
  for (const end of ["", "/", "/api", "/api/", "/api/v1", "/api/v1/"]) assert.equal(at(` https://host${end}\n`), "https://host/api");
  assert.equal(at("http://127.0.0.1:8787/stage/"), "http://127.0.0.1:8787/stage");
  assert.equal(at("https://host", `\n ${KEY}\r\n`), "https://host/api");
  for (const bad of ["", "host", "ftp://host", "https://", "https:///api", "https:host", "https://a b", "https://h\n.example", "https://u:p@h", "https://h?x=1", "https://h#x", "https://h?"]) {
    assert.throws(() => at(bad), { name: "SettingsError" }, bad);
  }
  for (const bad of ["", " ", "ä", "sk a", "sk\na"]) assert.throws(() => at("https://host", bad), { name: "SettingsError" });
});

test("what JSON would change without a word is named before anything is sent", async () => {
  const it = script();
  const cyclic = { ...ITEM };
  cyclic.metadata = { cyclic };
  for (const metadata of [{ n: Number.NaN }, { n: -1 / 0 }, { n: 1n }, { m: new Map() }, { s: new Set() }, { l: [undefined] }, { f: () => 1 }, { b: new Uint8Array(1) }, cyclic]) {
    const error = await failure(it.client.items.pushBatch("src_1", [ITEM, { ...ITEM, metadata }]), "InvalidArgumentError");
    assert.match(error.message, /^items\[1\] \(a\) is no JSON: /);
    await failure(it.client.items.pushAll("src_1", [ITEM, { ...ITEM, metadata }]), "InvalidArgumentError");
  }
  await failure(it.client.items.list("src_1", { prefix: "\ud83d" }).toArray(), "InvalidArgumentError");
  for (const id of ["", ".", "..", "\ud83d"]) await failure(it.client.items.get("src_1", id), "InvalidArgumentError");
  assert.deepEqual(it.requests, []);
  const sent = script(answer(201, {}));
  await sent.client.items.push("src_1", { ...ITEM, url: undefined, content: "x\ud83d" });
  assert.deepEqual(sent.requests[0].json, { ...ITEM, content: "x\ud83d" });
});

test("a call ends with its signal, whatever it does", async () => {
  const reason = new Error("enough");
  const hanging = new AbortController();
  const never = (url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const client = script().make({ fetch: never });
  const asked = [client.health(hanging), client.ask({ question: "Why?" }, hanging)].map((each) => assert.rejects(each, reason));
  await new Promise(setImmediate);
  hanging.abort(reason);
  await Promise.all(asked);
  const timed = script().make({ fetch: never, timeoutSeconds: 0.01, retries: { tries: 1 } }).health();
  assert.match((await failure(timed, "NoAnswerError")).message, /not within 0\.01 s/);
  const waiting = new AbortController();
  const real = new KnowledgeClient({ baseUrl: "https://h", key: KEY, fetch: async () => unavailable(), onRetry: () => waiting.abort(reason) });
  await assert.rejects(real.health({ signal: waiting.signal }), reason);
  await assert.rejects(script().client.health({ signal: AbortSignal.abort(reason) }), reason);
});

test("large bodies are gzipped", async () => {
  const it = script(answer(), answer());
  const large = { ...ITEM, content: "ü".repeat(150_000) };
  await it.client.items.push("src_1", ITEM);
  await it.client.items.push("src_1", large);
  assert.deepEqual(it.requests.map(({ headers }) => headers.get("Content-Encoding")), [null, "gzip"]);
  assert.deepEqual(it.requests[1].json, large);
  assert.ok(it.requests[1].content.length < 10_000);
});

test("any request can be sent", async () => {
  const it = script(unavailable, answer(200, { a: 1 }), answer(200, { b: 1 }));
  assert.deepEqual(await it.client.request("get", "/v1/new", { query: { q: "ü&", none: undefined } }), { a: 1 });
  await it.client.request("post", "/v1/new", { body: { x: 1 }, idempotencyKey: "k" });
  assert.deepEqual(it.asked().slice(1), ["GET /new?q=%C3%BC%26", "POST /new"]);
  await failure(it.client.request("GET", "https://thief.example"), "InvalidArgumentError");
});

test("what is read and written has its tag, and tags go into their headers", async () => {
  const { etagOf } = package_;
  const tag = { ETag: '"r.d"' };
  const it = script(answer(200, { item: { ...ITEM } }, tag), answer(201, { result: "created", item: {} }, { ETag: '"r"' }), answer(200, { item: {} }), answer(200, { source: {} }));
  const read = await it.client.items.get("src_1", "a", { ifNoneMatch: "*" });
  assert.equal(etagOf(read), '"r.d"');
  assert.deepEqual(read, ITEM);
  const pushed = await it.client.items.push("src_1", ITEM, { ifMatch: etagOf(read), ifNoneMatch: "*" });
  assert.deepEqual([etagOf(pushed), etagOf(pushed.item)], ['"r"', '"r"']);
  assert.equal(etagOf(await it.client.items.remove("src_1", "a", { ifMatch: '"r", "s"' })), undefined);
  await it.client.request("patch", "/v1/sources/src_1", { body: {}, ifMatch: "*" });
  const sent = it.requests.map(({ headers }) => [headers.get("If-Match"), headers.get("If-None-Match")]);
  assert.deepEqual(sent, [[null, "*"], ['"r.d"', "*"], ['"r", "s"', null], ["*", null]]);
  for (const ifMatch of ["", " ", '"a\nb"', '"ü"']) {
    await failure(it.client.sources.archive("src_1", { ifMatch }), "InvalidArgumentError");
  }
  await failure(it.client.request("GET", "/v1/sources", { ifMatch: "*" }), "InvalidArgumentError");
  assert.equal(it.requests.length, 4);
});

test("what a condition refuses is told at once, with the tag of what is there", async () => {
  const it = script(refusal(412, "precondition_failed", undefined, { ETag: '"s"' }));
  assert.equal((await failure(it.client.sources.update("src_1", {}, { ifMatch: '"r"' }), "PreconditionFailedError")).etag, '"s"');
  const same = () => new Response(null, { status: 304, headers: { ETag: '"r.d"' } });
  const read = await failure(script(same).client.generations.get("src_1", "current", { ifNoneMatch: '"r.d"' }), "NotModifiedError");
  assert.deepEqual([read.status, read.code, read.etag], [304, "not_modified", '"r.d"']);
});
