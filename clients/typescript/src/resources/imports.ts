/** Imports: a file of items of any size, uploaded once. */

import { FailedError } from "../errors.js";
import { Listing } from "../listing.js";
import type { CreateImportRequest, Import, NewImportResponse } from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type Uploading, upload } from "../uploads.js";
import { type ListQuery, pathTo, Resource, type Waiting, whole } from "./resource.js";

const UNDER_WAY: ReadonlySet<string> = new Set(["awaiting_upload", "queued", "staging", "planning", "applying"]);
const BADLY: ReadonlySet<string> = new Set(["failed", "cancelled", "expired"]);

/** `client.imports`. A file is a Blob: in Node `await openAsBlob(path)` of `node:fs`, in a browser what was chosen. */
export class Imports extends Resource {
  /** Ask for an import; its `upload` is where the file goes. */
  async create(sourceId: string, wanted: CreateImportRequest, writing: Writing = {}): Promise<NewImportResponse> {
    return whole(await this.api.write("POST", pathTo("sources", sourceId, "imports"), wanted, writing));
  }

  /**
   * Send the file of an import: NDJSON, plain or gzipped. Throws UploadError; returns the import as it is then.
   *
   * The link takes one file, whole and once, within the hour.
   */
  async upload(sourceId: string, created: NewImportResponse, file: Blob, uploading: Uploading = {}): Promise<Import> {
    const importId = created.import.id;
    const seen = (): Promise<Import> => this.get(sourceId, importId, { signal: uploading.signal });
    await upload(this.api, created.upload, file, async () => (await seen()).state, uploading);
    return seen();
  }

  /** Import a file: send it, and wait for the end. Throws what `send` and `wait` do. */
  async run(
    sourceId: string,
    file: Blob,
    wanted: CreateImportRequest,
    options: Uploading & Waiting & Writing = {},
  ): Promise<Import> {
    const sent = await this.send(sourceId, file, wanted, options);
    return this.wait(sourceId, sent.id, options);
  }

  /**
   * Create an import and upload its file; one whose file does not get through is cancelled.
   *
   * Throws what `create` and `upload` do.
   */
  async send(
    sourceId: string,
    file: Blob,
    wanted: CreateImportRequest,
    options: Uploading & Writing = {},
  ): Promise<Import> {
    const created = await this.create(sourceId, wanted, options);
    try {
      return await this.upload(sourceId, created, file, options);
    } catch (error) {
      // Otherwise it would hold one of the tenant's places for a day. Without the signal, which may have ended this.
      const importId = created.import.id;
      const path = pathTo("sources", sourceId, "imports", importId, "cancel");
      await this.api.tryOnce({ method: "POST", path, idempotencyKey: crypto.randomUUID() }).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Wait for the end; throws FailedError when it ended badly, StillUnderWayError.
   *
   * One that left out bad lines ends as `completed_with_errors`: look at `counts` and `report`.
   */
  async wait(sourceId: string, importId: string, waiting: Waiting = {}): Promise<Import> {
    const look = (): Promise<Import> => this.get(sourceId, importId, waiting);
    const patient = { timeoutSeconds: 3600, ...waiting };
    const ended = await this.waitFor(look, (seen) => UNDER_WAY.has(seen.state), importId, patient);
    if (!BADLY.has(ended.state)) return ended;
    const why = ended.error ?? { code: `import_${ended.state}`, message: `it is ${ended.state}` };
    throw new FailedError(`${importId}: ${why.message}`, why.code, ended);
  }

  /** List a source's imports, the newest first. */
  list(sourceId: string, query: ListQuery<"list_imports"> = {}): Listing<Import> {
    return new Listing(this.api, pathTo("sources", sourceId, "imports"), "imports", query);
  }

  /** Read an import. */
  async get(sourceId: string, importId: string, reading: Reading = {}): Promise<Import> {
    return (await this.api.get(pathTo("sources", sourceId, "imports", importId), {}, reading))["import"];
  }

  /** End an import; what was staged stays. */
  async cancel(sourceId: string, importId: string, writing: Writing = {}): Promise<Import> {
    const path = pathTo("sources", sourceId, "imports", importId, "cancel");
    return (await this.api.write("POST", path, undefined, writing))["import"];
  }
}
