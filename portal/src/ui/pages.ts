/** A list that is read a page at a time, as far as somebody looks. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Pages<Entry> {
  readonly entries: readonly Entry[];
  readonly error: unknown;
  readonly loading: boolean;
  /** Whether all was read. */
  readonly complete: boolean;
  readonly more: () => void;
  /** Read from the beginning. */
  readonly again: () => void;
}

/** Read a listing of the client; `about` is what it depends on. Empty pages are passed over. */
export function usePages<Entry>(open: (signal: AbortSignal) => { pages(): AsyncGenerator<Entry[]> }, about: readonly unknown[]): Pages<Entry> {
  const [state, setState] = useState<Omit<Pages<Entry>, "more" | "again">>({ entries: [], error: undefined, loading: true, complete: false });
  const [turn, setTurn] = useState(0);
  const source = useRef<{ pages: AsyncGenerator<Entry[]>; signal: AbortSignal; busy: boolean }>(undefined);
  const key = JSON.stringify(about);
  const more = useCallback(() => {
    const from = source.current;
    if (from === undefined || from.busy) return;
    from.busy = true;
    setState((before) => ({ ...before, loading: true }));
    nextPage(from.pages).then(
      (page) => {
        from.busy = false;
        if (from.signal.aborted) return;
        setState((before) => ({ entries: [...before.entries, ...(page ?? [])], error: undefined, loading: false, complete: page === null }));
        if (page === null) source.current = undefined;
      },
      (error: unknown) => from.signal.aborted || setState((before) => ({ ...before, error, loading: false, complete: true })),
    );
  }, []);
  useEffect(() => {
    const controller = new AbortController();
    source.current = { pages: open(controller.signal).pages(), signal: controller.signal, busy: false };
    setState({ entries: [], error: undefined, loading: true, complete: false });
    more();
    return () => controller.abort(new Error("no longer wanted"));
  }, [key, turn]);
  return { ...state, more, again: useCallback(() => setTurn((before) => before + 1), []) };
}

async function nextPage<Entry>(pages: AsyncGenerator<Entry[]>): Promise<Entry[] | null> {
  for (;;) {
    const { value, done } = await pages.next();
    if (done) return null;
    if (value.length > 0) return value;
  }
}

/** The first page of a list, and whether there is more; `name` is that of the list in the answer. */
export async function firstPage<Entry>(
  name: string,
  list: { answers(): AsyncGenerator<Record<string, any>> },
): Promise<{ entries: readonly Entry[]; more: boolean }> {
  for await (const page of list.answers()) return { entries: page[name] as Entry[], more: page["nextCursor"] !== null };
  return { entries: [], more: false };
}
