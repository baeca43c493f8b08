/** A list of the API that is read page by page, as far as somebody looks. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Listing } from "../../../clients/typescript/src/index.js";

export interface Paged<Entry> {
  readonly entries: readonly Entry[];
  /** Whether there are no more. */
  readonly complete: boolean;
  readonly loading: boolean;
  readonly error: unknown;
  /** Read the next page, unless one is being read. */
  readonly more: () => void;
  /** Begin anew. */
  readonly again: () => void;
}

const NOTHING = { entries: [], complete: false, loading: true, error: undefined };

/** Read the first page now and whenever `about` changes; what is no longer wanted is dropped. */
export function usePaged<Entry extends object>(list: (signal: AbortSignal) => Listing<Entry>, about: readonly unknown[]): Paged<Entry> {
  const [state, setState] = useState<Omit<Paged<Entry>, "more" | "again">>(NOTHING);
  const [turn, setTurn] = useState(0);
  const reader = useRef<() => void>(() => undefined);
  useEffect(() => {
    const controller = new AbortController();
    const pages = list(controller.signal).pages();
    let reading = false;
    const read = async (): Promise<void> => {
      if (reading) return;
      reading = true;
      setState((before) => ({ ...before, loading: true, error: undefined }));
      try {
        let next = await pages.next();
        // Where a list is looked through, pages may be empty while there are more.
        while (!next.done && next.value.length === 0) next = await pages.next();
        const page = next.done ? [] : next.value;
        if (!controller.signal.aborted) {
          setState(({ entries }) => ({ entries: [...entries, ...page], complete: next.done === true, loading: false, error: undefined }));
        }
        reading = next.done === true;
      } catch (error) {
        if (!controller.signal.aborted) setState((before) => ({ ...before, loading: false, error }));
      }
    };
    reader.current = () => void read();
    setState(NOTHING);
    void read();
    return () => controller.abort(new Error("no longer wanted"));
  }, [JSON.stringify(about), turn]);
  return { ...state, more: useCallback(() => reader.current(), []), again: useCallback(() => setTurn((before) => before + 1), []) };
}
