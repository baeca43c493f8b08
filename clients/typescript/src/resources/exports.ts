/** Exports: what a generation serves as one file, which an import takes back. */

import { type Downloading, openDownload } from "../downloads.js";
import { FailedError } from "../errors.js";
import { Listing } from "../listing.js";
import type { CreateExportRequest, Export } from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, type Waiting } from "./resource.js";

/** `client.exports`. */
export class Exports extends Resource {
  /** Ask for the file of a generation; `wait` until it is written. */
  async create(
    sourceId: string,
    generationId = "current",
    wanted: CreateExportRequest = {},
    writing: Writing = {},
  ): Promise<Export> {
    const path = pathTo("sources", sourceId, "generations", generationId, "exports");
    return (await this.api.write("POST", path, wanted, writing))["export"];
  }

  /**
   * Export: create, wait and open the file, which comes as it is read; `progress` is told how far it is.
   *
   * In Node `await writeFile("all.ndjson.gz", file)` of `node:fs/promises` takes it, in browsers `new Response(file)`.
   * It fails while it is read when it can't be had whole: throw away what was written of it. It is gzip of many
   * members, as gunzip and Node's zlib read it; the DecompressionStream of browsers takes the first alone.
   */
  async run(
    sourceId: string,
    generationId = "current",
    options: Downloading & Waiting & Writing = {},
  ): Promise<{ readonly export: Export; readonly file: ReadableStream<Uint8Array<ArrayBuffer>> }> {
    const begun = await this.create(sourceId, generationId, {}, options);
    const exported = await this.wait(sourceId, begun.generationId, begun.id, options);
    return { export: exported, file: await this.download(exported, options) };
  }

  /** Open the file of a completed export that was just read; throws FailedError when it has no link, ApiError. */
  async download(exported: Export, downloading: Downloading = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { id, bytes, file } = exported;
    if (file === null) throw new FailedError(`${id} has no link to its file; read it again`, "no_link", exported);
    const damaged = (came: number): Error => new FailedError(`${id}: ${came} of ${bytes} bytes came`, "file_damaged", exported);
    return openDownload(this.api, file.url, bytes, `GET the file of ${id}`, damaged, downloading);
  }

  /** Read an export; once it is completed, its `file.url` leads to the file, without a key. */
  async get(sourceId: string, generationId: string, exportId: string, reading: Reading = {}): Promise<Export> {
    const path = pathTo("sources", sourceId, "generations", generationId, "exports", exportId);
    return (await this.api.get(path, {}, reading))["export"];
  }

  /** Wait until an export is completed; throws FailedError when it ended badly, StillUnderWayError. */
  async wait(sourceId: string, generationId: string, exportId: string, waiting: Waiting = {}): Promise<Export> {
    const look = (): Promise<Export> => this.get(sourceId, generationId, exportId, waiting);
    const patient = { timeoutSeconds: 3600, ...waiting };
    const ended = await this.waitFor(look, (seen) => seen.state === "writing", exportId, patient);
    if (ended.state === "completed") return ended;
    const why = ended.error ?? { code: `export_${ended.state}`, message: `it is ${ended.state}` };
    throw new FailedError(`${exportId}: ${why.message}`, why.code, ended);
  }

  /** List a generation's exports, the newest first. */
  list(sourceId: string, generationId = "current", query: ListQuery<"list_exports"> = {}): Listing<Export> {
    const path = pathTo("sources", sourceId, "generations", generationId, "exports");
    return new Listing(this.api, path, "exports", query);
  }
}
