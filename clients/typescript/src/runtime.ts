/** What Node has and browsers have not, or the other way round. */

interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly versions?: { readonly node?: string };
}

const process = (globalThis as { process?: NodeProcess }).process;

/** The version of Node; undefined elsewhere. */
export const NODE_VERSION: string | undefined = process?.versions?.node;

/** The variables of the environment; a browser has none. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process?.env ?? {};
}

/** Wait for some seconds; throws the signal's reason when it is aborted meanwhile. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
