/** What a webhook is sent of each event: examples that the compiler holds against the contract's schemas. */

import type { models } from "../../../../clients/typescript/src/index.js";

export type Event =
  | models.RunReadyEvent | models.RunFailedEvent | models.GenerationPublishedEvent | models.ErasureCompletedEvent
  | models.ImportCompletedEvent | models.ImportFailedEvent | models.ExportCompletedEvent | models.ExportFailedEvent
  | models.SourceArchivedEvent | models.SourceDeletedEvent | models.KeyCreatedEvent | models.KeyExpiringEvent
  | models.KeyRotatedEvent | models.KeyRevokedEvent | models.BudgetReachedEvent | models.WebhookDisabledEvent | models.WebhookTestEvent;
export type EventType = Event["type"];
/** What a webhook can ask for: a test comes when somebody asks for it. */
export type Wanted = NonNullable<models.CreateWebhookRequest["events"]>[number];

const ULID = "01KAQ6B2C3D4E5F6G7H8J9K0M1";
const AT = "2026-11-23T09:40:00.000Z";
const ABOUT = { id: `evt_${ULID}`, timestamp: AT, tenantId: `ten_${ULID}`, sourceId: `src_${ULID}` };
const OF_TENANT = { ...ABOUT, sourceId: null };
const COUNTS: models.Counts = { added: 3, updated: 2, removed: 0, restored: 0, tombstoned: 0, unchanged: 118, total: 123 };
const KEY = "4fGh2LmN8pQrS0tV";
const IMPORT = { importId: `imp_${ULID}`, mode: "upsert", runId: null, generationId: null } as const;
const IMPORTED: models.ImportCounts = { created: 3, updated: 2, unchanged: 118, removed: 0, stale: 0, rejected: 0 };
const EXPORT = { exportId: `exp_${ULID}`, generationId: `gen_${ULID}` };

const SAMPLES: { readonly [Type in EventType]: Extract<Event, { type: Type }> } = {
  "run.ready": { ...ABOUT, type: "run.ready", data: { runId: `run_${ULID}`, planVersion: 1, discovery: "complete", counts: COUNTS } },
  "run.failed": { ...ABOUT, type: "run.failed", data: { runId: `run_${ULID}` } },
  "generation.published": {
    ...ABOUT, type: "generation.published",
    data: { generationId: `gen_${ULID}`, baseGenerationId: null, sequence: 1, origin: "run", runId: `run_${ULID}` },
  },
  "erasure.completed": { ...ABOUT, type: "erasure.completed", data: { erasureId: `ers_${ULID}`, items: 2, generationId: `gen_${ULID}`, openedAt: AT } },
  "import.completed": { ...ABOUT, type: "import.completed", data: { ...IMPORT, state: "completed", counts: IMPORTED } },
  "import.failed": { ...ABOUT, type: "import.failed", data: { ...IMPORT, state: "failed", counts: IMPORTED } },
  "export.completed": { ...ABOUT, type: "export.completed", data: { ...EXPORT, state: "completed", items: 123, bytes: 48_210 } },
  "export.failed": { ...ABOUT, type: "export.failed", data: { ...EXPORT, state: "failed", items: 0, bytes: 0 } },
  "source.archived": { ...ABOUT, type: "source.archived", data: { generationId: `gen_${ULID}` } },
  "source.deleted": { ...ABOUT, type: "source.deleted", data: { requestedAt: AT } },
  "key.created": { ...OF_TENANT, type: "key.created", data: { keyId: KEY } },
  "key.expiring": { ...OF_TENANT, type: "key.expiring", data: { keyId: KEY, expiresAt: "2026-12-07T09:30:00.000Z", days: 14 } },
  "key.rotated": { ...OF_TENANT, type: "key.rotated", data: { keyId: KEY, previousKeyId: "7kJm2LmN8pQrS0tV" } },
  "key.revoked": { ...OF_TENANT, type: "key.revoked", data: { keyId: KEY } },
  "budget.reached": { ...OF_TENANT, type: "budget.reached", data: { keyId: KEY, budget: "answers", perDay: 1000, day: "2026-11-23" } },
  "webhook.disabled": { ...OF_TENANT, type: "webhook.disabled", data: { webhookId: `whk_${ULID}`, reason: "failing" } },
  "webhook.test": { ...OF_TENANT, type: "webhook.test", data: { webhookId: `whk_${ULID}` } },
};

export const EVENTS = Object.keys(SAMPLES) as EventType[];
export const WANTED = EVENTS.filter((each): each is Wanted => each !== "webhook.test");

/** An example of an event as it is sent; null of a kind that is not known here. */
export function sampleOf(type: string): Event | null {
  return Object.hasOwn(SAMPLES, type) ? SAMPLES[type as EventType] : null;
}

/** The example with what is known of a delivery. */
export function sampleFor({ eventId, eventType, sourceId, createdAt }: models.Delivery): Record<string, unknown> | null {
  const sample = sampleOf(eventType);
  return sample && { ...sample, id: eventId, timestamp: createdAt, sourceId };
}
