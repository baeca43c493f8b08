using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Chatbot
{
    /// <summary>A list of the API, for await foreach; each enumeration reads it anew.</summary>
    public sealed class Pages : IAsyncEnumerable<JsonElement>
    {
        private readonly DeveloperApi api;
        private readonly string plural;
        private readonly string start;

        internal Pages(DeveloperApi api, string path, string plural, IReadOnlyList<string> query)
        {
            // What is cut off would be left out without a word.
            if (query.Count % 2 != 0)
            {
                throw new ArgumentException(@"a query has a name and a value each, such as ""include"", ""content""");
            }
            this.api = api;
            this.plural = plural;
            start = path + "?limit=200";
            for (var at = 0; at < query.Count; at += 2)
            {
                start += query[at + 1] == null ? "" : $"&{query[at]}={Uri.EscapeDataString(query[at + 1])}";
            }
        }

        public IAsyncEnumerator<JsonElement> GetAsyncEnumerator(
            CancellationToken cancellation = default(CancellationToken)) => new Enumerator(this, cancellation);

        /// <summary>Reads the list to its end, or as many entries as are wanted.</summary>
        public async Task<List<JsonElement>> ToListAsync(int most = int.MaxValue)
        {
            var entries = new List<JsonElement>();
            var enumerator = GetAsyncEnumerator();
            while (entries.Count < most && await enumerator.MoveNextAsync().ConfigureAwait(false))
            {
                entries.Add(enumerator.Current);
            }
            return entries;
        }

        private sealed class Enumerator : IAsyncEnumerator<JsonElement>
        {
            private readonly Pages pages;
            private readonly CancellationToken cancellation;
            private readonly Queue<JsonElement> entries = new Queue<JsonElement>();
            private string next;

            internal Enumerator(Pages pages, CancellationToken cancellation)
            {
                this.pages = pages;
                this.cancellation = cancellation;
                next = pages.start;
            }

            public JsonElement Current { get; private set; }

            public ValueTask<bool> MoveNextAsync() => new ValueTask<bool>(MoveAsync());

            public ValueTask DisposeAsync() => default(ValueTask);

            private async Task<bool> MoveAsync()
            {
                while (entries.Count == 0 && next != null)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var page = await pages.api.RequestAsync(HttpMethod.Get, next).ConfigureAwait(false);
                    foreach (var entry in page.GetProperty(pages.plural).EnumerateArray())
                    {
                        entries.Enqueue(entry);
                    }
                    var cursor = page.GetProperty("nextCursor").GetString();
                    next = cursor == null ? null : $"{pages.start}&cursor={Uri.EscapeDataString(cursor)}";
                }
                if (entries.Count == 0)
                {
                    return false;
                }
                Current = entries.Dequeue();
                return true;
            }
        }
    }
}
