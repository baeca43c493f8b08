// Files of exports: whole or an error, without the key, and on from where a connection broke.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { answer, broken, script } from "./scripted.mjs";

const LINK = { url: "https://storage.example/exports/1?signature=s", expiresAt: "" };
const EXPORT = { id: "exp_1", generationId: "gen_1", state: "writing", bytes: 0, file: null, error: null };
const FILE = Buffer.from("of many members".repeat(10_000));

const seen = (status = 200, more = {}) => answer(status, { export: { ...EXPORT, ...more } });
const completed = seen(200, { state: "completed", bytes: FILE.length, file: LINK });
const given = { ...EXPORT, state: "completed", bytes: FILE.length, file: LINK };
const bytesOf = async (file) => Buffer.from(await new Response(file).arrayBuffer());

/** What storage sends of a range, in pieces; `breaking` ends it with an error instead. */
function stored(bytes, { status = 200, breaking = false } = {}) {
  return () => {
    const pieces = [bytes.subarray(0, 1000), bytes.subarray(1000)].filter((piece) => piece.length > 0);
    const pull = (to) => {
      const piece = pieces.shift();
      if (piece) return to.enqueue(new Uint8Array(piece));
      return breaking ? to.error(new TypeError("terminated")) : to.close();
    };
    return new Response(new ReadableStream({ pull }), { status });
  };
}

test("a file is read as it comes, and without the key", async () => {
  const it = script(seen(202), seen(), completed, broken(), stored(Buffer.from("busy"), { status: 503 }), stored(FILE));
  const told = [];
  const { export: exported, file } = await it.client.exports.run("src_1", undefined, { progress: (...at) => told.push(at) });
  assert.equal(exported.state, "completed");
  assert.deepEqual(told, []);
  const path = join(mkdtempSync(join(tmpdir(), "client-")), "all.ndjson.gz");
  await writeFile(path, file);
  assert.ok(readFileSync(path).equals(FILE));
  assert.deepEqual(told, [[1000, FILE.length], [FILE.length, FILE.length]]);
  assert.deepEqual(it.asked().slice(0, 2), ["POST /sources/src_1/generations/current/exports", "GET /sources/src_1/generations/gen_1/exports/exp_1"]);
  for (const { url, headers, redirect } of it.requests.slice(3)) {
    assert.deepEqual([url, headers.get("Authorization"), headers.get("Range"), redirect], [LINK.url, null, null, "manual"]);
  }
});

test("a connection that breaks is taken up where it broke", async () => {
  const it = script(
    stored(FILE.subarray(0, 5000), { breaking: true }),
    stored(FILE.subarray(5000, 9000), { status: 206, breaking: true }),
    broken(),
    stored(FILE.subarray(9000), { status: 206 }),
  );
  assert.ok((await bytesOf(await it.client.exports.download(given))).equals(FILE));
  assert.deepEqual(it.requests.map(({ headers }) => headers.get("Range")), [null, "bytes=5000-", "bytes=9000-", "bytes=9000-"]);
  const anew = script(stored(FILE.subarray(0, 5000), { breaking: true }), stored(FILE));
  await assert.rejects(bytesOf(await anew.client.exports.download(given)), { name: "UnexpectedAnswerError", code: "no_range" });
  const never = script(stored(FILE.subarray(0, 5000), { breaking: true }), ...Array(9).fill(broken()));
  await assert.rejects(bytesOf(await never.client.exports.download(given)), { name: "NoAnswerError" });
  assert.equal(never.requests.length, 8);
});

test("a file of another size is none", async () => {
  for (const bytes of [FILE.subarray(0, -1), Buffer.from(""), Buffer.concat([FILE, FILE])]) {
    const it = script(stored(bytes));
    await assert.rejects(bytesOf(await it.client.exports.download(given)), { name: "FailedError", code: "file_damaged" });
  }
});

test("a redirect is no file, and neither is what storage says of an error", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const moved = () => new Response(null, { status, headers: { Location: "https://thief.example/x?token=t" } });
    const it = script(moved);
    await assert.rejects(it.client.exports.download(given), (error) => {
      assert.match(error.message, /not followed/);
      return error.name === "UnexpectedAnswerError" && !error.message.includes("token") && !error.message.includes("signature");
    });
    assert.equal(it.requests.length, 1);
  }
  const expired = script(stored(Buffer.from("<Error/>"), { status: 403 }));
  await assert.rejects(expired.client.exports.download(given), { code: "http_403" });
  await assert.rejects(script().client.exports.download(EXPORT), { name: "FailedError", code: "no_link" });
});

test("a download ends with its signal, and with whoever reads no further", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const it = script(stored(FILE));
  const progress = () => controller.abort(reason);
  await assert.rejects(bytesOf(await it.client.exports.download(given, { progress, signal: controller.signal })), reason);
  let ended;
  const endless = () => new Response(new ReadableStream({ pull: (to) => to.enqueue(FILE.subarray(0, 10)), cancel: (why) => (ended = why) }));
  const reader = (await script(endless).client.exports.download(given)).getReader();
  await reader.read();
  await reader.cancel("enough");
  assert.equal(ended, "enough");
});

test("an export that failed is told", async () => {
  const failed = seen(200, { state: "failed", error: { code: "export_failed", message: "it broke" } });
  await assert.rejects(script(seen(202), failed).client.exports.run("src_1"), { code: "export_failed", message: "exp_1: it broke (export_failed)" });
});
