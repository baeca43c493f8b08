/** What was changed: what it is called, or its id, and where it can be looked at. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { isMessage, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { nameOf } from "../../sources.js";
import type { Names } from "./audit_trail.js";

type Subject = models.AuditEntry["subject"];

/** Where an id of a field leads; what has no page of its own is told alone. */
const LEADS: Readonly<Record<string, (id: string, subject: Subject) => string>> = {
  sourceId: (id) => href("content", [id]),
  runId: (id, { sourceId = "" }) => href("review", [sourceId, id]),
  generationId: (id, { sourceId = "" }) => href("generations", [sourceId, id]),
  restoredFrom: (id, { sourceId = "" }) => href("generations", [sourceId, id]),
  importId: (id, { sourceId = "" }) => href("imports", [sourceId, id]),
  keyId: (id) => href("keys", [id]),
  webhookId: (id) => href("webhooks", [id]),
};

export function Subject({ entry: { subject, before, after }, names }: { entry: models.AuditEntry; names: Names }) {
  const called = (field: string, id: string): string => {
    if (field === "sourceId") return nameOf(id);
    // The name that it had then; that of now, if it was not about its name.
    if (field === "keyId" && subject["sessionId"] === undefined) return String(after?.["name"] ?? before?.["name"] ?? names.get(id) ?? id);
    return field === "keyId" ? names.get(id) ?? id : `…${id.slice(-8)}`;
  };
  // The source first, then what is in it; what this does not know comes last.
  const fields = [...new Set([...Object.keys(LEADS), ...Object.keys(subject)])].filter((field) => subject[field]);
  return (
    <p class="small row subject">
      {fields.map((field) => {
        const id = subject[field]!;
        const label = `subject.${field}`;
        const lead = LEADS[field]?.(id, subject);
        return (
          <span key={field} dir="auto">
            <span class="quiet">{isMessage(label) ? t(label) : field}</span>{" "}
            {lead === undefined ? <code title={id}>{called(field, id)}</code> : <a href={lead} title={id}>{called(field, id)}</a>}
          </span>
        );
      })}
    </p>
  );
}
