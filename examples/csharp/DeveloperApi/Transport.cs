using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Tasks;

namespace Chatbot
{
    /// <summary>Sends requests with a key and an Idempotency-Key, as often as it takes.</summary>
    internal sealed class Transport
    {
        private const int GzipOverBytes = 256 * 1024;

        // How many faults of a validation_error its message tells; Details has all.
        private const int ShownFaults = 3;
        private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(120);
        private static readonly JsonSerializerOptions Json = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

        private readonly string baseUrl;
        private readonly string key;
        private readonly int tries;
        private readonly HttpClient client;
        private readonly Func<TimeSpan, Task> delay;
        private readonly Action<string> warn;
        private readonly Random random = new Random(Guid.NewGuid().GetHashCode());

        internal Transport(
            string baseUrl, string key, int tries, HttpClient client, Func<TimeSpan, Task> delay, Action<string> warn)
        {
            this.baseUrl = baseUrl;
            this.key = key;
            this.tries = tries;
            this.client = client;
            this.delay = delay;
            this.warn = warn;
        }

        /// <summary>The JSON of an object, as it is sent.</summary>
        internal static byte[] Serialized(object body) =>
            JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json);

        /// <summary>Sends a request until it is answered, refused for good, or the tries are used up.</summary>
        internal async Task<JsonElement> SendAsync(
            HttpMethod method, string path, object body, string idempotencyKey, IReadOnlyCollection<string> finalCodes)
        {
            var content = body == null ? null : Serialized(body);
            var gzipped = content != null && content.Length > GzipOverBytes;
            if (gzipped)
            {
                content = Gzip(content);
            }
            for (var tried = 1; ; tried++)
            {
                TimeSpan wait;
                try
                {
                    // A message can be sent only once, so each try has its own.
                    using (var request = NewRequest(method, path, content, gzipped, idempotencyKey))
                    {
                        return await TryOnceAsync(request).ConfigureAwait(false);
                    }
                }
                catch (ApiException error) when (
                    error.IsTransient && tried < tries && !finalCodes.Contains(error.Code)
                    && !(error.RetryAfter > LongestWait))
                {
                    wait = WaitAfter(error, tried);
                    warn($"{error.Message}; trying again in {wait.TotalSeconds:0.0} s");
                }
                await delay(wait).ConfigureAwait(false);
            }
        }

        /// <summary>Sends a request without a body once, and returns whether it worked.</summary>
        internal async Task<bool> WorkedAtOnceAsync(HttpMethod method, string path)
        {
            try
            {
                using (var request = NewRequest(method, path, null, false, Guid.NewGuid().ToString()))
                {
                    await TryOnceAsync(request).ConfigureAwait(false);
                    return true;
                }
            }
            catch (ApiException)
            {
                return false;
            }
        }

        private HttpRequestMessage NewRequest(
            HttpMethod method, string path, byte[] content, bool gzipped, string idempotencyKey)
        {
            var request = new HttpRequestMessage(method, baseUrl + path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            if (method != HttpMethod.Get)
            {
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            }
            if (content != null)
            {
                request.Content = new ByteArrayContent(content);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                if (gzipped)
                {
                    request.Content.Headers.ContentEncoding.Add("gzip");
                }
            }
            return request;
        }

        private async Task<JsonElement> TryOnceAsync(HttpRequestMessage request)
        {
            var what = $"{request.Method} {request.RequestUri.AbsolutePath}";
            int status;
            byte[] body;
            HttpResponseHeaders headers;
            try
            {
                using (var response = await client.SendAsync(request).ConfigureAwait(false))
                {
                    status = (int)response.StatusCode;
                    headers = response.Headers;
                    body = await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
                }
            }
            catch (Exception error) when (
                error is HttpRequestException || error is IOException || error is TaskCanceledException)
            {
                throw new NoAnswerException($"{what}: {error.Message}", error);
            }
            var answer = ParsedObject(body);
            if (status >= 200 && status < 300 && answer.ValueKind == JsonValueKind.Object)
            {
                return answer;
            }
            throw ErrorOf(what, status, headers, answer);
        }

        private static ApiException ErrorOf(string what, int status, HttpResponseHeaders headers, JsonElement answer)
        {
            var said = Text(answer, "error") ?? $"HTTP {status} without an error of the API; is CHATBOT_API right?";
            JsonElement found;
            var details = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("details", out found)
                && found.ValueKind == JsonValueKind.Array ? found.EnumerateArray().ToArray() : new JsonElement[0];
            var error = ApiException.OfStatus(
                status, $"{what}: {said}{FaultsOf(details)}", Text(answer, "code") ?? $"http_{status}");
            error.Details = details;
            IEnumerable<string> ids;
            error.RequestId = headers.TryGetValues("X-Request-Id", out ids) ? ids.First() : null;
            error.RetryAfter = headers.RetryAfter?.Delta;
            return error;
        }

        // Tells the first faults of a validation_error: " name is missing; graceDays must be ...".
        private static string FaultsOf(IEnumerable<JsonElement> details)
        {
            var told = details.Where(fault => Text(fault, "message") != null).Take(ShownFaults)
                .Select(fault => $"{Text(fault, "path")} {Text(fault, "message")}".Trim()).ToArray();
            return told.Length > 0 ? " " + string.Join("; ", told) : "";
        }

        private TimeSpan WaitAfter(ApiException error, int tried)
        {
            lock (random)
            {
                // Jitter, so that clients which were refused together do not come back together.
                var backoff = Math.Min(0.5 * Math.Pow(2, tried - 1), 30) * (0.5 + random.NextDouble() / 2);
                return error.RetryAfter + TimeSpan.FromSeconds(random.NextDouble()) ?? TimeSpan.FromSeconds(backoff);
            }
        }

        private static JsonElement ParsedObject(byte[] body)
        {
            try
            {
                using (var document = JsonDocument.Parse(body))
                {
                    var root = document.RootElement;
                    return root.ValueKind == JsonValueKind.Object ? root.Clone() : default(JsonElement);
                }
            }
            catch (JsonException)
            {
                return default(JsonElement);
            }
        }

        private static string Text(JsonElement container, string name)
        {
            JsonElement found;
            return container.ValueKind == JsonValueKind.Object && container.TryGetProperty(name, out found)
                && found.ValueKind == JsonValueKind.String ? found.GetString() : null;
        }

        private static byte[] Gzip(byte[] content)
        {
            using (var target = new MemoryStream())
            {
                using (var gzip = new GZipStream(target, CompressionLevel.Optimal))
                {
                    gzip.Write(content, 0, content.Length);
                }
                return target.ToArray();
            }
        }
    }
}
