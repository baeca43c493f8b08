/** What a person should think about: keys that nobody uses, and mighty ones without an end. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { Chip } from "../../ui/chip.js";
import { isOwn } from "./own.js";
import { over } from "./scopes.js";

const UNUSED_DAYS = 90;
const DAY = 86_400_000;

export function Hints({ of: key }: { of: models.Key }) {
  if (over(key)) return null;
  const unused = Date.now() - Date.parse(key.lastUsedAt ?? key.createdAt) > UNUSED_DAYS * DAY;
  return (
    <>
      {isOwn(key.id) && <Chip tone="info">{t("keys.yours")}</Chip>}
      {unused && <Chip tone="warn">{t("keys.unused", { n: UNUSED_DAYS })}</Chip>}
      {key.expiresAt === null && key.scopes.includes("keys:manage") && <Chip tone="warn">{t("keys.endless")}</Chip>}
    </>
  );
}
