/** Begins the portal: takes over a one-time link, reads who is signed in, and shows the frame or the way in. */

import { effect } from "@preact/signals";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readCaller, signIn } from "./api.js";
import { Frame } from "./frame/frame.js";
import { Waiting } from "./frame/shown.js";
import { SignIn } from "./frame/sign_in.js";
import { language } from "./messages/index.js";
import { go, href } from "./routes.js";
import { end, session } from "./session.js";
import { readSources, sources } from "./sources.js";
import { Failure } from "./ui/failure.js";
import "./style.css";

function Portal({ link }: { link: string | null }) {
  const [opening, setOpening] = useState(link !== null);
  const [linkFailed, setLinkFailed] = useState(false);
  const [error, setError] = useState<unknown>();
  const open = session.value;
  useEffect(() => {
    if (link !== null) signIn(link).catch(() => setLinkFailed(true)).finally(() => setOpening(false));
  }, []);
  const read = (): void => {
    setError(undefined);
    sources.value = null;
    readCaller().then(readSources).catch(setError);
  };
  useEffect(() => {
    if (open === null) return undefined;
    read();
    const timer = setTimeout(() => end("expired"), Math.min(Date.parse(open.expiresAt) - Date.now(), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [open]);
  if (opening) return <Waiting />;
  if (open === null) return <SignIn linkFailed={linkFailed} />;
  return (
    <>
      {error !== undefined && <Failure error={error} again={read} />}
      <Frame />
    </>
  );
}

/** Take the code out of the address before anything is drawn, so that it is in no history and on no screen. */
function linkOf(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return null;
  go(href("home"), true);
  return code;
}

effect(() => {
  document.documentElement.lang = language.value;
});
const link = linkOf();
render(<Portal link={link} />, document.getElementById("portal")!);
