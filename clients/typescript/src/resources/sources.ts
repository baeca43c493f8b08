/** Sources: what is published together. */

import { Listing } from "../listing.js";
import type { CreateSourceRequest, DeleteSourceRequest, Source, UpdateSourceRequest } from "../models.js";
import type { Changing, Rereading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource } from "./resource.js";

/** `client.sources`. */
export class Sources extends Resource {
  /** List the sources that the key reaches, the newest first. */
  list(query: ListQuery<"list_sources"> = {}): Listing<Source> {
    return new Listing(this.api, "/v1/sources", "sources", query);
  }

  /** Create a source. Give it an `idempotencyKey` made from its name if several may create it at once. */
  async create(source: CreateSourceRequest, writing: Writing = {}): Promise<Source> {
    return (await this.api.write("POST", "/v1/sources", source, writing))["source"];
  }

  /** Read a source; throws NotModifiedError when it is what the tag names. */
  async get(sourceId: string, reading: Rereading = {}): Promise<Source> {
    return (await this.api.get(pathTo("sources", sourceId), {}, reading))["source"];
  }

  /** Change settings; what is not named stays. Throws PreconditionFailedError when the tag names others. */
  async update(sourceId: string, changes: UpdateSourceRequest, writing: Changing = {}): Promise<Source> {
    return (await this.api.write("PATCH", pathTo("sources", sourceId), changes, writing))["source"];
  }

  /** Take no more writes; what it serves stays. */
  async archive(sourceId: string, writing: Changing = {}): Promise<Source> {
    return (await this.api.write("DELETE", pathTo("sources", sourceId), undefined, writing))["source"];
  }

  /** Take writes again. */
  async restore(sourceId: string, writing: Writing = {}): Promise<Source> {
    return (await this.api.write("POST", pathTo("sources", sourceId, "restore"), undefined, writing))["source"];
  }

  /** Delete an archived source and all that is kept of it, for good. */
  async delete(sourceId: string, wanted: DeleteSourceRequest, writing: Writing = {}): Promise<Source> {
    return (await this.api.write("POST", pathTo("sources", sourceId, "delete"), wanted, writing))["source"];
  }
}
