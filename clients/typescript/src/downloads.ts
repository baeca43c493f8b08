/**
 * Reads the file of an export from its link: without the key, as it comes, and never from where a redirect leads.
 *
 * What could go wrong, and what follows:
 *
 * - The connection breaks in the middle: the file never changes, so the rest is asked for from where it broke.
 * - It comes to its end with fewer or more bytes than the export says: the stream fails, and is never closed as if it
 *   were whole.
 * - Storage shows something else, such as an error or a redirect: that is an error, and nothing of it a file.
 */

import { errorOf, objectOf, textOf } from "./answers.js";
import { ApiError, UnexpectedAnswerError } from "./errors.js";
import { waitAfter } from "./retrying.js";
import { bounded, type Transport, unanswered } from "./transport.js";

type Pieces = ReadableStreamDefaultReader<Uint8Array>;

/** `progress` is called with the bytes that came and those of the file. */
export interface Downloading {
  readonly progress?: ((came: number, size: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Open the file behind a link; `damaged` is what the stream fails with when it is not of that size. Throws ApiError. */
export async function openDownload(
  api: Transport,
  link: string,
  size: number,
  doing: string,
  damaged: (came: number) => Error,
  { progress, signal }: Downloading,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { retries, sleep, onRetry } = api.sending;
  let came = 0;
  let tries = 0;
  let stopper: AbortController;
  let pieces: Pieces;

  /** Wait before the next try, or throw why there is none. */
  async function pauseAfter(error: unknown): Promise<void> {
    tries += 1;
    const wait = error instanceof ApiError ? waitAfter(retries, tries, error, true) : undefined;
    if (wait === undefined) throw error;
    onRetry(error as ApiError, wait);
    await sleep(wait, signal);
  }

  /** Wait for storage, for no longer than for any answer. */
  async function inTime<Told>(asked: () => Promise<Told>): Promise<Told> {
    const bound = bounded(api.sending.timeoutSeconds, signal, stopper);
    try {
      return await asked();
    } catch (error) {
      throw unanswered(error, doing, signal);
    } finally {
      bound.end();
    }
  }

  async function open(): Promise<void> {
    for (;;) {
      stopper = new AbortController();
      try {
        pieces = await inTime(() => request(api, link, came, doing, stopper.signal));
        return;
      } catch (error) {
        await pauseAfter(error);
      }
    }
  }

  await open();
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        for (;;) {
          signal?.throwIfAborted();
          let next: { done: boolean; value?: Uint8Array | undefined };
          try {
            next = await inTime(() => pieces.read());
          } catch (error) {
            await pauseAfter(error);
            await open();
            continue;
          }
          const { value } = next;
          came += value?.length ?? 0;
          if (came > size || (value === undefined && came < size)) throw damaged(came);
          if (value === undefined) return controller.close();
          tries = 0;
          controller.enqueue(value as Uint8Array<ArrayBuffer>);
          progress?.(came, size);
          return;
        }
      },
      cancel: (reason) => pieces.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function request(api: Transport, link: string, from: number, doing: string, signal: AbortSignal): Promise<Pieces> {
  const rest = from > 0 ? { Range: `bytes=${from}-` } : undefined;
  // As it is: what is compressed is the file itself.
  const headers = { "Accept-Encoding": "identity", ...rest };
  const answer = await api.sending.fetch(link, { method: "GET", headers, redirect: "manual", signal });
  if (!answer.ok || answer.body === null) throw errorOf(answer, objectOf(await textOf(answer, doing)) ?? {}, doing);
  if (rest !== undefined && answer.status !== 206) {
    await answer.body.cancel();
    const told = "storage began the file anew, and not where it broke";
    throw new UnexpectedAnswerError(told, { code: "no_range", doing, status: answer.status });
  }
  return answer.body.getReader();
}
