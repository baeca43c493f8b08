using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Chatbot
{
    /// <summary>
    /// Thrown when the API refuses a request for good. Decide by Code, and quote RequestId when you ask for help.
    /// </summary>
    public class ApiException : Exception
    {
        private static readonly HashSet<string> TransientCodes = new HashSet<string>
        {
            "apply_conflict", "stale_plan", "stale_base", "lease_lost", "apply_in_progress", "run_in_progress",
            "idempotency_in_progress",
        };

        public ApiException(string message, string code, int? status = null, Exception inner = null)
            : base($"{message} ({code})", inner)
        {
            Code = code;
            Status = status;
        }

        /// <summary>What went wrong, for programs: "validation_error", "rate_limited" and so on.</summary>
        public string Code { get; }

        /// <summary>The HTTP status; null when there was no answer.</summary>
        public int? Status { get; }

        /// <summary>What names this request in the logs of the service; null if the answer did not say.</summary>
        public string RequestId { get; internal set; }

        /// <summary>Every fault of a "validation_error": index, externalItemId, path and message.</summary>
        public IReadOnlyList<JsonElement> Details { get; internal set; } = Array.Empty<JsonElement>();

        /// <summary>How long the answer asks to wait; null if it does not.</summary>
        public TimeSpan? RetryAfter { get; internal set; }

        /// <summary>Whether the same request may succeed later.</summary>
        public virtual bool IsTransient =>
            Status == 429 || Status >= 500 || (Status == 409 && TransientCodes.Contains(Code));

        internal static ApiException OfStatus(int status, string message, string code)
        {
            switch (status)
            {
                case 400:
                case 413:
                case 415: return new InvalidRequestException(message, code, status);
                case 401: return new UnauthorizedException(message, code, status);
                case 403: return new ForbiddenException(message, code, status);
                case 404: return new NotFoundException(message, code, status);
                case 409: return new ConflictException(message, code, status);
                case 429: return new RateLimitedException(message, code, status);
                default:
                    return status >= 500
                        ? new ServerException(message, code, status)
                        : new ApiException(message, code, status);
            }
        }
    }

    /// <summary>400, 413 and 415: the request has to be changed.</summary>
    public sealed class InvalidRequestException : ApiException
    {
        public InvalidRequestException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>401: the key is missing, mistyped, expired or revoked.</summary>
    public sealed class UnauthorizedException : ApiException
    {
        public UnauthorizedException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>403: the key may not do this.</summary>
    public sealed class ForbiddenException : ApiException
    {
        public ForbiddenException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>404: there is no such thing, or it is not yours.</summary>
    public sealed class NotFoundException : ApiException
    {
        public NotFoundException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>409 when a retry does not help, or did not in all the tries.</summary>
    public sealed class ConflictException : ApiException
    {
        public ConflictException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>429 after all the tries.</summary>
    public sealed class RateLimitedException : ApiException
    {
        public RateLimitedException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>5xx after all the tries.</summary>
    public sealed class ServerException : ApiException
    {
        public ServerException(string message, string code, int status) : base(message, code, status) { }
    }

    /// <summary>No answer came in all the tries; the work may have been done.</summary>
    public sealed class NoAnswerException : ApiException
    {
        public NoAnswerException(string message, Exception inner) : base(message, "no_answer", null, inner) { }

        public override bool IsTransient => true;
    }

    /// <summary>A run could not be planned; start another.</summary>
    public sealed class RunFailedException : ApiException
    {
        public RunFailedException(string message, string code) : base(message, code) { }
    }
}
