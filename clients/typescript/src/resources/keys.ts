/** API keys, and who changed what. */

import { Listing } from "../listing.js";
import type {
  AuditEntry,
  CreateKeyRequest,
  IdentifyKeyRequest,
  Key,
  NewKeyResponse,
  RotatedKeyResponse,
  RotateKeyRequest,
  UpdateKeyRequest,
} from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/** `client.keys`, for a key that manages keys. */
export class Keys extends Resource {
  /** List the tenant's keys, the newest first. */
  list(query: ListQuery<"list_keys"> = {}): Listing<Key> {
    return new Listing(this.api, "/v1/admin/keys", "keys", query);
  }

  /** Make a key; its `secret` is shown here and never again. */
  async create(key: CreateKeyRequest, writing: Writing = {}): Promise<NewKeyResponse> {
    return whole(await this.api.write("POST", "/v1/admin/keys", key, writing));
  }

  /** Read a key. */
  async get(keyId: string, reading: Reading = {}): Promise<Key> {
    return (await this.api.get(pathTo("admin", "keys", keyId), {}, reading))["key"];
  }

  /** Change a key; what is not named stays. */
  async update(keyId: string, changes: UpdateKeyRequest, writing: Writing = {}): Promise<Key> {
    return (await this.api.write("PATCH", pathTo("admin", "keys", keyId), changes, writing))["key"];
  }

  /** End a key, for good. */
  async revoke(keyId: string, writing: Writing = {}): Promise<Key> {
    return (await this.api.write("DELETE", pathTo("admin", "keys", keyId), undefined, writing))["key"];
  }

  /** Make the successor of a key; the old one works for `overlapSeconds` more. */
  async rotate(keyId: string, wanted: RotateKeyRequest = {}, writing: Writing = {}): Promise<RotatedKeyResponse> {
    return whole(await this.api.write("POST", pathTo("admin", "keys", keyId, "rotate"), wanted, writing));
  }

  /** Find whose text was found somewhere. */
  async identify(found: IdentifyKeyRequest, writing: Writing = {}): Promise<Key> {
    return (await this.api.write("POST", "/v1/admin/keys/identify", found, writing))["key"];
  }

  /** List who changed what, the newest first. */
  audit(query: ListQuery<"list_audit"> = {}): Listing<AuditEntry> {
    return new Listing(this.api, "/v1/admin/audit", "entries", query);
  }
}
