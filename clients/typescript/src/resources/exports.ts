/** Exports: what a generation serves as one file, which an import takes back. */

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
