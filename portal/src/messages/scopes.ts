/** What each scope of a key allows, and the roles that are made of them. */

import type { Message } from "./index.js";

export const SCOPES = {
  "scope.keys:manage": ["Make, change and end keys", "Schlüssel anlegen, ändern und beenden"],
  "scope.sources:read": ["See sources", "Quellen sehen"],
  "scope.sources:write": ["Make and change sources", "Quellen anlegen und ändern"],
  "scope.items:read": ["Read items", "Einträge lesen"],
  "scope.items:write": ["Write and remove items", "Einträge schreiben und entfernen"],
  "scope.runs:read": ["See runs and what was published", "Läufe und Veröffentlichtes sehen"],
  "scope.runs:write": ["Start runs", "Läufe starten"],
  "scope.runs:apply": ["Publish and restore", "Veröffentlichen und wiederherstellen"],
  "scope.search:read": ["Search", "Suchen"],
  "scope.answers:read": ["Ask questions", "Fragen stellen"],
  "scope.answers:manage": ["See what was asked", "Sehen, was gefragt wurde"],
  "scope.webhooks:manage": ["Manage webhooks", "Webhooks verwalten"],
  "scope.audit:read": ["See who changed what", "Sehen, wer was geändert hat"],
  "scope.content:erase": ["Erase content for good", "Inhalte endgültig löschen"],
  "role.owner": ["Owner: everything", "Inhaber: alles"],
  "role.developer": ["Developer: writes and runs, but does not publish", "Entwickler: schreibt und startet Läufe, veröffentlicht aber nicht"],
  "role.editor": ["Editor: writes and publishes", "Redakteur: schreibt und veröffentlicht"],
  "role.viewer": ["Viewer: only reads", "Betrachter: liest nur"],
} satisfies Record<string, Message>;
