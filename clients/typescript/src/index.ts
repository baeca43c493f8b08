/**
 * The client of the Developer API: publish your content into a chatbot knowledge base, search it and ask it.
 *
 *     const client = new KnowledgeClient(); // CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
 *     const source = await client.sources.create({ name: "Help centre" });
 *     await client.items.push(source.id, { externalItemId: "faq-1", title: "Refunds", content: "Within 14 days." });
 *     const run = await client.runs.start(source.id);
 *     for await (const change of client.runs.changes(source.id, run.id)) console.log(change);
 *     console.log((await client.runs.apply(source.id, run.id, { planVersion: run.planVersion })).generationId);
 */

export { etagOf } from "./answers.js";
export type { Items } from "./bodies.js";
export { type ClientOptions, KnowledgeClient } from "./client.js";
export { contentHash, contentHashOfJson } from "./content_hashes.js";
export type { Downloading } from "./downloads.js";
export {
  ApiError,
  ConflictError,
  FailedError,
  type Fault,
  ForbiddenError,
  InvalidArgumentError,
  InvalidRequestError,
  KnowledgeError,
  NoAnswerError,
  NotFoundError,
  NotModifiedError,
  PreconditionFailedError,
  RateLimitedError,
  ServerError,
  SettingsError,
  StillUnderWayError,
  UnauthorizedError,
  UnexpectedAnswerError,
  UnverifiedWebhookError,
  UploadError,
} from "./errors.js";
export type { Listed, Listing, WithItems } from "./listing.js";
export type * as models from "./models.js";
export type { ListQuery, Waiting } from "./resources/resource.js";
export type { Retries } from "./retrying.js";
export type { SendingSet } from "./sending.js";
export type { Changing, Creating, Reading, Rereading, Writing } from "./transport.js";
export type { Uploading } from "./uploads.js";
export { VERSION } from "./version.js";
export { type GivenHeaders, type Verifying, verifyWebhook } from "./webhook_verification.js";
