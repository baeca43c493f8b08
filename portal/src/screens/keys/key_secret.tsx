/** The text of a new key, this once: to be copied, put into an environment, and tried. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api, BASE_URL } from "../../api.js";
import { t } from "../../messages/index.js";
import { pushLine } from "../../push_line.js";
import { quoted } from "../../requests.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { Copyable, Once } from "../../ui/secret.js";

export function KeySecret({ made: { key, secret }, onClose }: { made: models.NewKeyResponse; onClose: () => void }) {
  const [tested, setTested] = useState(false);
  const [error, setError] = useState<unknown>();
  const test = async (): Promise<void> => {
    setError(undefined);
    try {
      await api(secret).whoAmI();
      setTested(true);
      announce(t("secret.works"));
    } catch (failure) {
      setError(failure);
    }
  };
  const [target] = key.scopes.includes("items:write") ? key.sourceIds ?? [] : [];
  return (
    <>
      <Once>{t("secret.once")}</Once>
      <Copyable label={t("secret.text")} text={secret} />
      <Copyable label={t("secret.env")} text={`CHATBOT_API=${BASE_URL}\nCHATBOT_KEY=${secret}`} />
      {key.kind !== "browser" && (
        <Copyable label={t("secret.curl")} text={`curl ${quoted(`${BASE_URL}/v1/whoami`)} \\\n  -H ${quoted(`Authorization: Bearer ${secret}`)}`} />
      )}
      {target !== undefined && <Copyable label={t("start.push")} text={pushLine(target, secret)} />}
      <Failure error={error} />
      <div class="ends">
        {tested && <Chip tone="good">{t("secret.works")}</Chip>}
        {/* A key of web pages is refused on a page that is none of its own. */}
        {key.kind !== "browser" && <Action onPress={test}>{t("secret.test")}</Action>}
        <button type="button" class="button main" onClick={onClose}>{t("secret.kept")}</button>
      </div>
    </>
  );
}
