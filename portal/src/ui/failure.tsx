/** An error with its code, the request's id, and what to do. */

import { ApiError } from "../../../clients/typescript/src/index.js";
import { isMessage, type MessageKey, t } from "../messages/index.js";
import { Icon } from "./icon.js";

export function Failure({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  if (error === undefined || error === null) return null;
  const told = error instanceof ApiError ? error : undefined;
  return (
    <div class="notice bad" role="alert">
      <Icon name="stop" />
      <div class="grow">
        <strong>{t("error.title")}</strong>
        <p>{t(adviceOn(told))}</p>
        <p class="small" dir="auto">{told?.reason ?? String((error as Error).message ?? error)}</p>
        {told && told.faults.length > 0 && (
          <ul class="small">{told.faults.slice(0, 10).map((each) => <li dir="auto"><code>{each.path}</code> {each.message}</li>)}</ul>
        )}
        {told && (
          <p class="small quiet">
            {t("error.code")} <code>{told.code}</code>
            {told.requestId && <> · {t("request.id")} <code>{told.requestId}</code></>}
          </p>
        )}
      </div>
      {again && <button type="button" class="button" onClick={again}>{t(told?.code === "precondition_failed" ? "do.reload" : "do.again")}</button>}
    </div>
  );
}

function adviceOn(error: ApiError | undefined): MessageKey {
  const own = `error.${error?.code}`;
  if (isMessage(own)) return own;
  const status = error?.status ?? 500;
  return status === 409 ? "error.conflict" : status < 500 ? "error.client" : "error.server";
}
