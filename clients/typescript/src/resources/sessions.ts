/** Who is signed in with a key. */

import { Listing } from "../listing.js";
import type {
  CreateSessionRequest,
  CreateSignInLinkRequest,
  NewSessionResponse,
  PortalSession,
  SignInLinkResponse,
} from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/**
 * `client.sessions`; a client whose key is a session's `secret` is signed in.
 *
 * One whose key is the `code` of a sign-in link can do nothing but `create` the session.
 */
export class Sessions extends Resource {
  /** List the open sessions that the key may see, the oldest first. */
  list(query: ListQuery<"list_sessions"> = {}): Listing<PortalSession> {
    return new Listing(this.api, "/v1/portal/sessions", "sessions", query);
  }

  /** Begin a session of the key; its `secret` is shown here and never again. */
  async create(session: CreateSessionRequest = {}, writing: Writing = {}): Promise<NewSessionResponse> {
    return whole(await this.api.write("POST", "/v1/portal/sessions", session, writing));
  }

  /** Make a link that begins a session, once; its `code` is shown here and never again. */
  async createSignInLink(session: CreateSignInLinkRequest = {}, writing: Writing = {}): Promise<SignInLinkResponse> {
    return whole(await this.api.write("POST", pathTo("portal", "sign-in-links"), session, writing));
  }

  /** Read an open session. */
  async get(sessionId: string, reading: Reading = {}): Promise<PortalSession> {
    return (await this.api.get(pathTo("portal", "sessions", sessionId), {}, reading))["session"];
  }

  /** End a session at once. */
  async end(sessionId: string, writing: Writing = {}): Promise<PortalSession> {
    return (await this.api.write("DELETE", pathTo("portal", "sessions", sessionId), undefined, writing))["session"];
  }
}
