/** What a screen reads when it is shown: the value, or the error, and how to read it again. */

import { useCallback, useEffect, useState } from "preact/hooks";

export interface Loaded<Value> {
  /** The last that was read; it stays while it is read again. */
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  readonly again: () => void;
}

/** Read something now and whenever `about` changes; what is no longer wanted is dropped, and its signal aborted. */
export function useLoaded<Value>(read: (signal: AbortSignal) => Promise<Value>, about: readonly unknown[]): Loaded<Value> {
  const [state, setState] = useState<Omit<Loaded<Value>, "again">>({ value: undefined, error: undefined, loading: true });
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(about);
  useEffect(() => setState({ value: undefined, error: undefined, loading: true }), [key]);
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    read(controller.signal).then(
      (value) => controller.signal.aborted || setState({ value, error: undefined, loading: false }),
      (error: unknown) => controller.signal.aborted || setState((before) => ({ ...before, error, loading: false })),
    );
    return () => controller.abort(new Error("no longer wanted"));
  }, [key, turn]);
  return { ...state, again: useCallback(() => setTurn((before) => before + 1), []) };
}
