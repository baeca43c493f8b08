/** What was typed into a part of the settings, until it is saved. Only what was changed is sent. */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import type { Saved } from "./part.js";

export interface Draft<Values> {
  /** As the fields show them. */
  readonly values: Values;
  readonly change: (more: Partial<Values>) => void;
  readonly save: () => Promise<void>;
  readonly error: unknown;
  /** Read the source again, where somebody else changed it meanwhile. What was typed stays. */
  readonly again: (() => void) | undefined;
}

export function useDraft<Values extends object>(
  { source, tag, done, reload }: Saved,
  /** As the source has them. */
  before: Values,
  changesOf: (before: Values, values: Values) => models.UpdateSourceRequest,
): Draft<Values> {
  const [changed, setChanged] = useState<Partial<Values>>({});
  const [error, setError] = useState<unknown>();
  const values = { ...before, ...changed };
  const save = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().sources.update(source.id, changesOf(before, values), { ifMatch: tag });
      setChanged({});
      done(t("settings.saved"));
    } catch (failure) {
      setError(failure);
    }
  };
  const stale = error instanceof ApiError && error.code === "precondition_failed";
  return {
    values,
    change: (more) => setChanged({ ...changed, ...more }),
    save,
    error,
    again: stale ? () => (setError(undefined), reload()) : undefined,
  };
}
