using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Chatbot
{
    /// <summary>
    /// A walk through the Developer API: pushes a help centre, publishes it, removes an article, publishes that.
    ///
    ///     export CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    ///     dotnet run
    /// </summary>
    public static class Quickstart
    {
        private static readonly object Refunds = new
        {
            externalItemId = "faq/Rückgabe & refunds? 100% #1",
            title = "Refunds",
            content = "Refunds take 14 days.",
            language = "en",
            tags = new[] { "orders" },
        };

        public static async Task WalkAsync(DeveloperApi api)
        {
            var source = await api.CreateSourceAsync("Help centre (C#)", graceDays: 7);
            var sourceId = source.GetProperty("id").GetString();
            Console.WriteLine($"source {sourceId}");

            var pushed = await api.PushItemAsync(sourceId, Refunds);
            var id = pushed.GetProperty("item").GetProperty("externalItemId").GetString();
            Console.WriteLine($"pushed one item: {pushed.GetProperty("result")}");
            Console.WriteLine($"read back: {(await api.ItemAsync(sourceId, id)).GetProperty("content")}");

            // The client makes a key for every call. Give it one of your own to make even a restarted job safe: the
            // same key with the same batch gets the first answer again, and changes nothing.
            var key = $"nightly-{Guid.NewGuid()}";
            var batch = new[] { Guide(1), Guide(2) };
            var first = await api.PushBatchAsync(sourceId, batch, idempotencyKey: key);
            var again = await api.PushBatchAsync(sourceId, batch, idempotencyKey: key);
            var same = first.GetRawText() == again.GetRawText() ? "the same answer" : again.GetRawText();
            Console.WriteLine($"pushed a batch: {first.GetProperty("counts")}, and again: {same}");

            // A snapshot is the whole truth: what it does not name is removed. Over 256 KB the client gzips it.
            var everything = Enumerable.Range(1, 300).Select(Guide).Prepend(Refunds);
            Console.WriteLine($"sent a snapshot: {await api.ReplaceItemsAsync(sourceId, everything)}");
            await PublishAsync(api, sourceId);

            // A removed item is served for the source's graceDays; the first run after that drops it.
            var removed = await api.RemoveItemAsync(sourceId, "guide-300");
            var until = removed.GetProperty("tombstoneDueAt");
            Console.WriteLine($"removed guide-300: {removed.GetProperty("state")}, served until {until}");
            var generationId = await PublishAsync(api, sourceId);

            var served = await api.GenerationItems(sourceId, generationId, "include", "content").ToListAsync();
            var bytes = served.Sum(item => item.GetProperty("contentBytes").GetInt64());
            Console.WriteLine($"generation {generationId} of {sourceId} serves {served.Count} items, {bytes} bytes");
        }

        // Runs, shows what would change, applies; returns the id of the generation that is served from now on.
        private static async Task<string> PublishAsync(DeveloperApi api, string sourceId)
        {
            var run = await api.StartRunAsync(sourceId);
            var runId = run.GetProperty("id").GetString();
            Console.WriteLine($"run {runId}: {run.GetProperty("counts")}");
            foreach (var change in await api.Changes(sourceId, runId).ToListAsync(3))
            {
                Console.WriteLine($"  {change.GetProperty("change")} {change.GetProperty("externalItemId")}");
            }
            // A conflict that a retry mends, such as another apply under way, is retried by the client.
            var applied = await api.ApplyRunAsync(sourceId, runId);
            Console.WriteLine($"  {applied.GetProperty("status")} as {applied.GetProperty("generationId")}");
            return applied.GetProperty("generationId").GetString();
        }

        // Writes one of the guides, over 1 KB of Markdown. Any class that serialises to an item does instead.
        private static object Guide(int number)
        {
            var steps = Enumerable.Range(1, 30).Select(step => $"{step}. Do as step {step} of guide {number} says.\n");
            return new Dictionary<string, object>
            {
                ["externalItemId"] = $"guide-{number:000}",
                ["title"] = $"Guide {number}",
                ["content"] = $"# Guide {number}\n\n{string.Concat(steps)}",
                ["contentType"] = "text/markdown",
                ["url"] = $"https://help.example.com/guides/{number}",
            };
        }
    }
}
