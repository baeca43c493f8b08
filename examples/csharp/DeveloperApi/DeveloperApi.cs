using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace Chatbot
{
    /// <summary>
    /// A client for the Developer API, made to be copied: this folder is all of it. Needs .NET Core 3.1 or later.
    ///
    ///     var api = new DeveloperApi(); // CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    ///     var sourceId = (await api.CreateSourceAsync("Help centre")).GetProperty("id").GetString();
    ///     await api.PushItemAsync(sourceId, new { externalItemId = "faq-1", title = "Refunds", content = "..." });
    ///     var run = await api.StartRunAsync(sourceId);
    ///     await foreach (var change in api.Changes(sourceId, run.GetProperty("id").GetString())) ...
    ///     await api.ApplyRunAsync(sourceId, run.GetProperty("id").GetString());
    ///
    /// Every call is tried again after what a retry mends (no answer, 429, 5xx, transient conflicts), and every call
    /// that changes something carries an Idempotency-Key, the same in all its tries, so that none does the work twice.
    /// An item is whatever JsonSerializer writes as one: an anonymous object, a dictionary, a class of your own.
    /// </summary>
    public sealed class DeveloperApi
    {
        // A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress.
        private const int PartItems = 1000;
        private const int PartBytes = 3500000;
        private static readonly string[] ReviewedAgain = { "stale_plan", "stale_base" };
        private static readonly HttpClient SharedClient = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        private readonly Transport transport;
        private readonly Func<TimeSpan, Task> delay;

        /// <summary>Takes the address and the key, or finds them in CHATBOT_API and CHATBOT_KEY.</summary>
        /// <exception cref="ArgumentException">One of them is missing or wrong.</exception>
        public DeveloperApi(
            string baseUrl = null,
            string key = null,
            int tries = 8,
            HttpClient client = null,
            Func<TimeSpan, Task> delay = null,
            Action<string> warn = null)
        {
            baseUrl = (baseUrl ?? Environment.GetEnvironmentVariable("CHATBOT_API") ?? "").Trim().TrimEnd('/');
            key = (key ?? Environment.GetEnvironmentVariable("CHATBOT_KEY") ?? "").Trim();
            // What no header can hold would otherwise look as if nothing answered.
            if (!(baseUrl.StartsWith("https://") || baseUrl.StartsWith("http://"))
                || !Regex.IsMatch(key, @"\A[A-Za-z0-9._~+/=-]+\z"))
            {
                throw new ArgumentException("set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (sk_live_...)");
            }
            this.delay = delay ?? Task.Delay;
            warn = warn ?? Console.Error.WriteLine;
            transport = new Transport(baseUrl, key, tries, client ?? SharedClient, this.delay, warn);
        }

        /// <summary>Sends one request, as often as it takes, and returns the JSON of its answer.</summary>
        /// <param name="path">Everything after /api.</param>
        /// <param name="finalCodes">Codes that are thrown at once although a retry could help.</param>
        /// <exception cref="ApiException">The request was refused for good.</exception>
        public Task<JsonElement> RequestAsync(
            HttpMethod method,
            string path,
            object body = null,
            string idempotencyKey = null,
            IReadOnlyCollection<string> finalCodes = null) =>
            transport.SendAsync(
                method, path, body, idempotencyKey ?? Guid.NewGuid().ToString(), finalCodes ?? Array.Empty<string>());

        /// <summary>A list, read page after page as it is enumerated; query is name, value, name, value.</summary>
        public Pages Pages(string path, string plural, params string[] query) => new Pages(this, path, plural, query);

        // Sources and items

        /// <summary>The sources that the key reaches, newest first.</summary>
        public Pages Sources() => Pages("/v1/sources", "sources");

        /// <summary>Creates a source; a run drops what was removed longer than graceDays ago.</summary>
        public Task<JsonElement> CreateSourceAsync(string name, int? graceDays = null)
        {
            var body = new Dictionary<string, object> { ["name"] = name };
            if (graceDays != null)
            {
                body["graceDays"] = graceDays;
            }
            return PartOfAsync("source", HttpMethod.Post, "/v1/sources", body);
        }

        /// <summary>Creates or replaces one item; returns {item, result}.</summary>
        public Task<JsonElement> PushItemAsync(string sourceId, object item) =>
            RequestAsync(HttpMethod.Post, $"/v1/sources/{sourceId}/items", item);

        /// <summary>Pushes and removes up to 5 000 items, and leaves the others; returns {counts, results}.</summary>
        public Task<JsonElement> PushBatchAsync(
            string sourceId,
            IEnumerable<object> items,
            IEnumerable<string> removals = null,
            string idempotencyKey = null)
        {
            var removed = (removals ?? Array.Empty<string>()).Select(externalItemId => new { externalItemId });
            var body = new { items = items.ToArray(), removals = removed.ToArray() };
            return RequestAsync(HttpMethod.Post, $"/v1/sources/{sourceId}/items/batch", body, idempotencyKey);
        }

        /// <summary>What is staged; queries are pairs, such as "state", "removed" or "include", "content".</summary>
        public Pages Items(string sourceId, params string[] query) =>
            Pages($"/v1/sources/{sourceId}/items", "items", query);

        /// <summary>Reads a staged item with its content.</summary>
        public Task<JsonElement> ItemAsync(string sourceId, string externalItemId) =>
            PartOfAsync("item", HttpMethod.Get, ItemPath(sourceId, externalItemId));

        /// <summary>Removes an item; it is served until the source's graceDays have passed.</summary>
        public Task<JsonElement> RemoveItemAsync(string sourceId, string externalItemId) =>
            PartOfAsync("item", HttpMethod.Delete, ItemPath(sourceId, externalItemId));

        /// <summary>Makes the staging set exactly these items, in parts if they are many; returns the counts.</summary>
        public async Task<JsonElement> ReplaceItemsAsync(
            string sourceId, IEnumerable<object> items, bool allowEmpty = false)
        {
            var path = $"/v1/sources/{sourceId}";
            var parts = PartsOf(items).ToList();
            JsonElement answer;
            object meant = null;
            if (parts.Count <= 1)
            {
                var body = new { items = parts.SelectMany(part => part).ToArray(), allowEmpty };
                answer = await RequestAsync(HttpMethod.Post, $"{path}/items/snapshot", body).ConfigureAwait(false);
            }
            else
            {
                answer = await RequestAsync(HttpMethod.Post, $"{path}/snapshots").ConfigureAwait(false);
                var id = answer.GetProperty("snapshot").GetProperty("id").GetString();
                await SendPartsAsync($"{path}/snapshots/{id}", parts).ConfigureAwait(false);
                // A part that was lost would take its items along.
                meant = new { parts = parts.Count, items = parts.Sum(part => part.Count) };
            }
            JsonElement counts;
            // An answer without counts is a snapshot still to be completed; so many removals take a few requests.
            while (!answer.TryGetProperty("counts", out counts))
            {
                var snapshot = answer.GetProperty("snapshot");
                var id = snapshot.GetProperty("id").GetString();
                answer = snapshot.GetProperty("state").GetString() == "completed"
                    ? snapshot
                    : await RequestAsync(HttpMethod.Post, $"{path}/snapshots/{id}/complete", meant).ConfigureAwait(false);
            }
            return counts;
        }

        // Runs and generations

        /// <summary>Finds what differs from the published state; returns the run once it is planned.</summary>
        /// <exception cref="RunFailedException">It could not be planned.</exception>
        public async Task<JsonElement> StartRunAsync(string sourceId, string mode = "incremental")
        {
            var path = $"/v1/sources/{sourceId}/runs";
            var run = await PartOfAsync("run", HttpMethod.Post, path, new { mode }).ConfigureAwait(false);
            var id = run.GetProperty("id").GetString();
            while (run.GetProperty("state").GetString() == "planning")
            {
                await delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
                run = await PartOfAsync("run", HttpMethod.Get, $"{path}/{id}").ConfigureAwait(false);
            }
            if (run.GetProperty("state").GetString() == "failed")
            {
                var failure = run.GetProperty("lastError");
                var told = failure.ValueKind == JsonValueKind.Object;
                throw new RunFailedException(
                    $"{id}: {(told ? failure.GetProperty("message").GetString() : "the run failed")}",
                    told ? failure.GetProperty("code").GetString() : "run_failed");
            }
            return run;
        }

        /// <summary>A run's changes: all, or the added, updated, removed, restored or tombstoned ones.</summary>
        public Pages Changes(string sourceId, string runId, string change = null) =>
            Pages($"/v1/sources/{sourceId}/runs/{runId}/changes", "changes", "change", change);

        /// <summary>Publishes a run; returns {status, generationId, counts}.</summary>
        /// <param name="planVersion">
        /// The plan that was reviewed: a run that was planned again since is refused (stale_plan), not published.
        /// </param>
        /// <param name="approveRemovals">How many removals may pass the source's removalGuard.</param>
        public Task<JsonElement> ApplyRunAsync(
            string sourceId, string runId, int? planVersion = null, int? approveRemovals = null)
        {
            var body = new Dictionary<string, object>();
            if (planVersion != null)
            {
                body["planVersion"] = planVersion;
            }
            if (approveRemovals != null)
            {
                body["approveRemovals"] = approveRemovals;
            }
            var path = $"/v1/sources/{sourceId}/runs/{runId}/apply";
            return RequestAsync(HttpMethod.Post, path, body, finalCodes: planVersion == null ? null : ReviewedAgain);
        }

        /// <summary>Reads a generation; by default the one that is served.</summary>
        public Task<JsonElement> GenerationAsync(string sourceId, string generationId = "current") =>
            PartOfAsync(
                "generation", HttpMethod.Get, $"/v1/sources/{sourceId}/generations/{PathSegment(generationId)}");

        /// <summary>What a generation serves; "include", "content" adds the contents.</summary>
        public Pages GenerationItems(string sourceId, string generationId = "current", params string[] query) =>
            Pages($"/v1/sources/{sourceId}/generations/{PathSegment(generationId)}/items", "items", query);

        /// <summary>Percent-encodes one part of a path: an externalItemId may hold "/", spaces, any Unicode.</summary>
        public static string PathSegment(string text)
        {
            if (text == "" || text == "." || text == "..")
            {
                throw new ArgumentException($"\"{text}\" can't be an id");
            }
            return Uri.EscapeDataString(text);
        }

        private async Task<JsonElement> PartOfAsync(string name, HttpMethod method, string path, object body = null) =>
            (await RequestAsync(method, path, body).ConfigureAwait(false)).GetProperty(name);

        private static string ItemPath(string sourceId, string externalItemId) =>
            $"/v1/sources/{sourceId}/items/{PathSegment(externalItemId)}";

        private static IEnumerable<List<object>> PartsOf(IEnumerable<object> items)
        {
            var part = new List<object>();
            var size = 0;
            foreach (var item in items)
            {
                var length = Transport.Serialized(item).Length + 1;
                if (part.Count > 0 && (part.Count == PartItems || size + length > PartBytes))
                {
                    yield return part;
                    part = new List<object>();
                    size = 0;
                }
                part.Add(item);
                size += length;
            }
            if (part.Count > 0)
            {
                yield return part;
            }
        }

        private async Task SendPartsAsync(string path, IReadOnlyList<List<object>> parts)
        {
            try
            {
                for (var number = 1; number <= parts.Count; number++)
                {
                    var body = new { items = parts[number - 1] };
                    await RequestAsync(HttpMethod.Put, $"{path}/parts/{number}", body).ConfigureAwait(false);
                }
            }
            catch
            {
                // An open snapshot would stand in the way of the next one, and of runs, for a day. One try.
                await transport.WorkedAtOnceAsync(HttpMethod.Delete, path).ConfigureAwait(false);
                throw;
            }
        }
    }
}
