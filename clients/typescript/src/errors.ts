/**
 * What can go wrong, as a tree. Decide by the class or by `code`; quote `requestId` when you ask for help.
 *
 *     KnowledgeError                  everything that this package throws
 *       InvalidArgumentError          what was given can't be sent; nothing was
 *         SettingsError               the address or the key is none
 *       ApiError                      a request came to nothing; it has a code
 *         InvalidRequestError         400, 413, 415: the request has to be changed; `faults` tell where
 *         UnauthorizedError           401: the key is missing, mistyped, expired, disabled or revoked
 *         ForbiddenError              403: the key may not do this
 *         NotFoundError               404: there is no such thing, or it is not yours
 *         NotModifiedError            304: what is there is what `ifNoneMatch` names
 *         ConflictError               409: a retry does not help, or did not in all the tries
 *         PreconditionFailedError     412: what is there is not what `ifMatch` names, or is there at all
 *         RateLimitedError            429 after all the tries, or for longer than the client waits
 *         ServerError                 5xx after all the tries
 *         NoAnswerError               no answer in all the tries; the work may have been done
 *         UnexpectedAnswerError       something answered that is not the API, or answered too much
 *       UploadError                   the file of an import did not get through
 *       FailedError                   a run, an import or an export ended badly; it has a code
 *       StillUnderWayError            what was waited for did not end in the time given
 *       UnverifiedWebhookError        a message that must not be believed
 *
 * An AbortSignal that is given throws its own reason.
 */

/** How many faults a message tells; `faults` has all. */
const SHOWN_FAULTS = 3;

/** Thrown for everything that goes wrong in this package. */
export class KnowledgeError extends Error {
  override readonly name: string = "KnowledgeError";
}

/** Thrown for what can't be sent, before anything is; names the item where one is at fault. */
export class InvalidArgumentError extends KnowledgeError {
  override readonly name: string = "InvalidArgumentError";
}

/** Thrown when the address or the key is none. */
export class SettingsError extends InvalidArgumentError {
  override readonly name: string = "SettingsError";
}

/** One fault of a request: where it is, in the items that were handed in, and what is wanted. */
export interface Fault {
  readonly path: string;
  readonly message: string;
  readonly index?: number;
  readonly externalItemId?: string;
}

/** What an answer tells of a refusal, or what stands for it where there was no answer. */
export interface Refusal {
  readonly code: string;
  /** The method and the path. */
  readonly doing: string;
  readonly status?: number | undefined;
  readonly details?: readonly Record<string, unknown>[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly etag?: string | undefined;
  readonly cause?: unknown;
}

/** Thrown when a request comes to nothing for good. */
export class ApiError extends KnowledgeError {
  override readonly name: string = "ApiError";
  /** One of the API's table of errors, or `no_answer`, `http_502` and the like. */
  readonly code: string;
  readonly doing: string;
  readonly status: number | undefined;
  /** The faults as the API wrote them; their indexes count from the request, those of `faults` from all that was given. */
  readonly details: readonly Record<string, unknown>[];
  readonly requestId: string | undefined;
  /** In seconds. */
  readonly retryAfter: number | undefined;
  /** That of what is there, where the answer tells it. */
  readonly etag: string | undefined;
  /** What the API says, without the method, the path and the faults. */
  readonly reason: string;
  faults: readonly Fault[];
  /** How many items of a larger set were taken before. */
  sent = 0;

  constructor(reason: string, refusal: Refusal) {
    super(reason, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.reason = reason;
    this.code = refusal.code;
    this.doing = refusal.doing;
    this.status = refusal.status;
    this.details = refusal.details ?? [];
    this.requestId = refusal.requestId;
    this.retryAfter = refusal.retryAfter;
    this.etag = refusal.etag;
    this.faults = this.details.filter((detail) => "message" in detail).map(faultOf);
    this.message = this.#told();
  }

  /** Have the faults count from the first item of a set, of which the request held a part. */
  countFrom(sent: number): void {
    this.sent = sent;
    this.faults = this.faults.map((fault) => moved(fault, sent));
    this.message = this.#told();
  }

  #told(): string {
    const told = this.faults.slice(0, SHOWN_FAULTS).map(({ path, externalItemId, message }) => {
      const name = externalItemId === undefined ? "" : ` (${externalItemId})`;
      return `${path}${name} ${message}`.trim();
    });
    const more = this.faults.length - told.length;
    if (more > 0) told.push(`and ${more} more`);
    return `${this.doing}: ${this.reason}${told.length > 0 ? " " : ""}${told.join("; ")} (${this.code})`;
  }
}

/** Thrown for 400, 413 and 415: the request has to be changed. */
export class InvalidRequestError extends ApiError {
  override readonly name = "InvalidRequestError";
}

/** Thrown for 401: the key is missing, mistyped, expired, disabled or revoked. */
export class UnauthorizedError extends ApiError {
  override readonly name = "UnauthorizedError";
}

/** Thrown for 403: the key may not do this. */
export class ForbiddenError extends ApiError {
  override readonly name = "ForbiddenError";
}

/** Thrown for 404, when it is the API that says so: there is no such thing, or it is not yours. */
export class NotFoundError extends ApiError {
  override readonly name = "NotFoundError";
}

/** Thrown for 304: what is there is what `ifNoneMatch` names, so there is nothing new to read. */
export class NotModifiedError extends ApiError {
  override readonly name = "NotModifiedError";
}

/** Thrown for 409 when a retry does not help, or did not in all the tries. */
export class ConflictError extends ApiError {
  override readonly name = "ConflictError";
}

/** Thrown for 412: what is there is not what `ifMatch` or `ifNoneMatch` names, and nothing was written. */
export class PreconditionFailedError extends ApiError {
  override readonly name = "PreconditionFailedError";
}

/** Thrown for 429 after all the tries, or when the wait is longer than the client's longest. */
export class RateLimitedError extends ApiError {
  override readonly name = "RateLimitedError";
}

/** Thrown for 5xx after all the tries. */
export class ServerError extends ApiError {
  override readonly name = "ServerError";
}

/** Thrown when no answer came in all the tries; the work may have been done. */
export class NoAnswerError extends ApiError {
  override readonly name = "NoAnswerError";
}

/** Thrown when what answers is not the API: a proxy's page, a redirect, more than any answer holds. */
export class UnexpectedAnswerError extends ApiError {
  override readonly name = "UnexpectedAnswerError";
}

/** Thrown when the file of an import did not get through; `status` is the storage's answer. */
export class UploadError extends KnowledgeError {
  override readonly name = "UploadError";

  constructor(
    message: string,
    readonly status?: number,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Thrown when something ended badly; `ended` is how it is now, `code` is one of the API's table of errors. */
export class FailedError extends KnowledgeError {
  override readonly name = "FailedError";

  constructor(
    message: string,
    readonly code: string,
    readonly ended: unknown,
  ) {
    super(`${message} (${code})`);
  }
}

/** Thrown when what was waited for did not end in the time given; `last` is how it was when it was last seen. */
export class StillUnderWayError extends KnowledgeError {
  override readonly name = "StillUnderWayError";

  constructor(
    message: string,
    readonly last: unknown,
  ) {
    super(message);
  }
}

/** Thrown for a message that must not be believed; `status` is what to answer. */
export class UnverifiedWebhookError extends KnowledgeError {
  override readonly name = "UnverifiedWebhookError";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export const BY_STATUS: Readonly<Record<number, typeof ApiError>> = {
  400: InvalidRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  412: PreconditionFailedError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  429: RateLimitedError,
};

function faultOf({ path, message, index, externalItemId }: Record<string, unknown>): Fault {
  return {
    path: typeof path === "string" ? path : "",
    message: String(message),
    ...(Number.isInteger(index) ? { index: index as number } : {}),
    ...(typeof externalItemId === "string" ? { externalItemId } : {}),
  };
}

function moved(fault: Fault, by: number): Fault {
  if (fault.index === undefined) return fault;
  const index = fault.index + by;
  return { ...fault, index, path: fault.path.replace(/^items\[\d+\]/, `items[${index}]`) };
}
