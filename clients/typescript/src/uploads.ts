/**
 * Sends the file of an import to its link: one PUT of the whole file, without the key, and never to a redirect.
 *
 * What could go wrong, and what follows:
 *
 * - The answer is lost after storage took the file: the next try is refused (412), since the link takes one file. The
 *   import says whether it came.
 * - The connection breaks in the middle: storage keeps nothing of it, and the next try sends the file from its beginning.
 * - The file changes while it is sent: its length was promised, and a Blob of a file that changed can't be read.
 */

import { isRedirect } from "./answers.js";
import { InvalidArgumentError, NoAnswerError, UploadError } from "./errors.js";
import type { Upload } from "./models.js";
import { waitAfter } from "./retrying.js";
import { NODE_VERSION } from "./runtime.js";
import { bounded, causeOf, type Transport } from "./transport.js";

const PIECE_BYTES = 256 * 1024;
/** More than the API says, and it says so earlier; here it spares the upload. */
export const MAX_FILE_BYTES = 5 * 1024 ** 3;
/** What a link works for. */
const LONGEST_UPLOAD_SECONDS = 3600;
/** Storage is busy, or the request was too slow: a later one gets through. */
const PASSING: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);
const TAKEN_BEFORE = 412;
const SHOWS_THE_LINK_IS_OVER = 403;

/** `progress` is called with the bytes sent and those of the file, and begins anew with every try. */
export interface Uploading {
  readonly progress?: ((sent: number, size: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Send a file, as often as it takes; `state` asks for the import's. Throws UploadError. */
export async function upload(
  api: Transport,
  link: Upload,
  file: Blob,
  state: () => Promise<string>,
  { progress, signal }: Uploading,
): Promise<void> {
  if (file.size < 1 || file.size > MAX_FILE_BYTES) {
    throw new InvalidArgumentError(`the file has ${file.size} bytes; an import takes 1 to ${MAX_FILE_BYTES}`);
  }
  for (let tries = 1; ; tries += 1) {
    let failure: UploadError;
    let passing: boolean;
    try {
      const status = await put(api, link, file, { progress, signal });
      if (status >= 200 && status < 300) return;
      const taken = status === TAKEN_BEFORE && tries > 1;
      if (taken && !["awaiting_upload", "expired"].includes(await state())) return;
      failure = refused(status);
      passing = PASSING.has(status);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof UploadError)) throw error;
      failure = error;
      passing = error.status === undefined && !isUnreadable(error.cause);
    }
    const lost = new NoAnswerError(failure.message, { code: "no_answer", doing: "PUT" });
    const wait = passing ? waitAfter(api.sending.retries, tries, lost, true) : undefined;
    if (wait === undefined) throw failure;
    await api.sending.sleep(wait, signal);
  }
}

async function put(api: Transport, link: Upload, file: Blob, { progress, signal }: Uploading): Promise<number> {
  // Node sends a stream under a promised length, and so can tell how far it is. Browsers can't: they get the Blob.
  const streamed = NODE_VERSION !== undefined;
  const sent = streamed ? { body: pieces(file, progress), duplex: "half" } : { body: file };
  const length = streamed ? { "Content-Length": String(file.size) } : undefined;
  const bound = bounded(LONGEST_UPLOAD_SECONDS, signal);
  try {
    if (!streamed) progress?.(0, file.size);
    const answer = await api.sending.fetch(link.url, {
      ...(sent as RequestInit),
      method: "PUT",
      headers: { ...(link.headers as Record<string, string>), ...length },
      redirect: "manual",
      signal: bound.signal,
    });
    await answer.body?.cancel();
    if (!streamed && answer.ok) progress?.(file.size, file.size);
    return isRedirect(answer) ? answer.status || 307 : answer.status;
  } catch (error) {
    throw new UploadError(`no answer to the upload: ${causeOf(error)}`, undefined, error);
  } finally {
    bound.end();
  }
}

function pieces(file: Blob, progress: Uploading["progress"]): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent === file.size) return controller.close();
      const piece = new Uint8Array(await file.slice(sent, sent + PIECE_BYTES).arrayBuffer());
      sent += piece.length;
      controller.enqueue(piece);
      progress?.(sent, file.size);
    },
  });
}

/** A file that changed or went since it was opened. */
function isUnreadable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) if (each.name === "NotReadableError") return true;
  return false;
}

function refused(status: number): UploadError {
  if (status >= 300 && status < 400) {
    return new UploadError(`the upload was answered with a redirect (HTTP ${status}), not followed`, status);
  }
  if (status === TAKEN_BEFORE) return new UploadError("the link was used before: it takes one file, once", status);
  if (status === SHOWS_THE_LINK_IS_OVER) {
    return new UploadError("storage refused the file (HTTP 403): the link works for an hour; start a new import", status);
  }
  return new UploadError(`storage refused the file (HTTP ${status})`, status);
}
