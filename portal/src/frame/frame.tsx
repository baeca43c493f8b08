/** What is around every screen: who is signed in and where, the way about, and "show the request". */

import { useEffect, useRef, useState } from "preact/hooks";
import { signOut } from "../api.js";
import { t } from "../messages/index.js";
import { requests } from "../requests.js";
import { go, href, place } from "../routes.js";
import { SCREENS } from "../screens/index.js";
import { caller, session } from "../session.js";
import { remember, sourceId, sources } from "../sources.js";
import { announce, LiveRegion } from "../ui/announce.js";
import { Chip } from "../ui/chip.js";
import { Icon } from "../ui/icon.js";
import { moment } from "../ui/when.js";
import { Finder } from "./finder.js";
import { useKeptFocus } from "./kept_focus.js";
import { LanguagePicker } from "./language_picker.js";
import { RequestSheet } from "./request_sheet.js";
import { Shown } from "./shown.js";

export function Frame() {
  const [menu, setMenu] = useState(false);
  const [sheet, setSheet] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useKeptFocus(main);
  const { screen, path } = place.value;
  const found = SCREENS.find((each) => each.name === screen);
  const where = JSON.stringify([screen, path]);
  useEffect(() => {
    const title = t(found?.title ?? "error.screen");
    document.title = `${title} · ${t("app.name")}`;
    requests.value = [];
    setMenu(false);
    if (first.current) return void (first.current = false);
    // Whoever went somewhere begins there, and not where the link was.
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
    announce(title);
  }, [where]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>{t("app.skip")}</a>
      <header class="bar">
        <button type="button" class="button quiet only menu" aria-expanded={menu} aria-label={t("nav.menu")} onClick={() => setMenu(!menu)}>
          <Icon name={menu ? "close" : "menu"} />
        </button>
        <a class="brand" href={href("home")} aria-label={t("app.name")}><img src="icon.svg" alt="" width="24" height="24" /><span>{t("app.name")}</span></a>
        <Environment />
        <Finder />
        <button type="button" class="button quiet" onClick={() => setSheet(true)}>
          <Icon name="code" /><span class="wide-only">{t("request.show")}</span><span class="unseen narrow-only">{t("request.show")}</span>
        </button>
      </header>
      <nav class={menu ? "side open" : "side"} aria-label={t("nav.label")}>
        <SourcePicker />
        <ul>
          {SCREENS.map((each) => (
            <li>
              <a
                href={href(each.name, each.ofSource && sourceId.value ? [sourceId.value] : [])}
                aria-current={each.name === screen ? "page" : undefined}
              >
                <Icon name={each.icon} />{t(each.title)}
              </a>
            </li>
          ))}
        </ul>
        <Who />
      </nav>
      <main id="main" ref={main} tabIndex={-1}><Shown /></main>
      {sheet && <RequestSheet onClose={() => setSheet(false)} />}
      <LiveRegion />
    </div>
  );
}

function Environment() {
  const environment = caller.value?.key.environment;
  if (environment === undefined) return null;
  return <Chip tone={environment === "live" ? "good" : "info"} icon="activity">{t(`environment.${environment}`)}</Chip>;
}

function SourcePicker() {
  const known = sources.value ?? [];
  if (known.length === 0) return null;
  const pick = (id: string): void => {
    remember(id);
    const { screen } = place.value;
    const ofSource = SCREENS.find((each) => each.name === screen)?.ofSource ?? false;
    go(href(ofSource ? screen : "content", [id]));
  };
  return (
    <label class="field picker">
      <span>{t("nav.source")}</span>
      <select value={sourceId.value ?? ""} onChange={(event) => pick(event.currentTarget.value)}>
        {known.map((each) => (
          <option value={each.id}>{each.status === "archived" ? t("nav.archived", { name: each.name }) : each.name}</option>
        ))}
      </select>
    </label>
  );
}

function Who() {
  const told = caller.value;
  return (
    <div class="who small">
      {told && <p dir="auto">{t("nav.signed_in", { name: told.session?.name ?? told.key.name })}</p>}
      {session.value && <p class="quiet">{t("nav.until", { time: moment(session.value.expiresAt) })}</p>}
      {told && <p class="quiet">{t("nav.tenant")} <code class="cut">{told.tenantId}</code></p>}
      <div class="row">
        <button type="button" class="button quiet" onClick={() => void signOut()}><Icon name="out" />{t("nav.sign_out")}</button>
        <LanguagePicker />
      </div>
    </div>
  );
}
