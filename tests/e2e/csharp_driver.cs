// Reads calls of the C# example, a line of JSON each, and writes what came of them, a line each.
//
//     {"operation": "pushItem", "arguments": [...], "baseUrl": "...", "key": "..."}  the client, without its waits
//     {"operation": "verify", "body": "<base64>", "headers": {...}, "secrets": [...]}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Chatbot;

public static class Driver
{
    public static void Main()
    {
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            var waits = new List<double>();
            var outcome = new Dictionary<string, object> { ["waits"] = waits };
            try
            {
                outcome["result"] = AnswerAsync(JsonDocument.Parse(line).RootElement, waits).GetAwaiter().GetResult();
            }
            catch (Exception error)
            {
                outcome["error"] = Shown(error);
            }
            Console.WriteLine(JsonSerializer.Serialize(outcome));
        }
    }

    private static object Shown(Exception error)
    {
        var refused = error as ApiException;
        return new Dictionary<string, object>
        {
            ["name"] = error.GetType().Name,
            ["message"] = error.Message,
            ["code"] = refused?.Code,
            ["details"] = refused?.Details,
            ["requestId"] = refused?.RequestId,
            ["status"] = refused?.Status ?? (error as UnverifiedWebhookException)?.Status,
        };
    }

    private static JsonElement Verified(JsonElement call)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in call.GetProperty("headers").EnumerateObject())
        {
            headers[header.Name] = header.Value.GetString();
        }
        var body = call.GetProperty("body").GetBytesFromBase64();
        return WebhookVerifier.Verify(
            body, name => headers.TryGetValue(name, out var value) ? value : null, Texts(call.GetProperty("secrets")));
    }

    private static async Task<object> AnswerAsync(JsonElement call, List<double> waits)
    {
        var operation = call.GetProperty("operation").GetString();
        if (operation == "verify")
        {
            return Verified(call);
        }
        var api = new DeveloperApi(
            call.GetProperty("baseUrl").GetString(),
            call.GetProperty("key").GetString(),
            delay: wait => { waits.Add(wait.TotalSeconds); return Task.CompletedTask; },
            warn: message => { });
        var given = call.GetProperty("arguments").EnumerateArray().ToList();
        var source = given[0].GetString();
        var last = given[given.Count - 1];
        switch (operation)
        {
            case "pushItem": return await api.PushItemAsync(source, given[1]);
            case "pushBatch":
                var removals = Option(last, "removals") is JsonElement removed ? Texts(removed) : null;
                var key = Option(last, "idempotencyKey")?.GetString();
                return await api.PushBatchAsync(source, Objects(given[1]), removals, key);
            case "replaceItems":
                var allowEmpty = Option(last, "allowEmpty")?.GetBoolean() ?? false;
                return await api.ReplaceItemsAsync(source, Objects(given[1]), allowEmpty);
            case "item": return await api.ItemAsync(source, given[1].GetString());
            case "removeItem": return await api.RemoveItemAsync(source, given[1].GetString());
            case "startRun":
                return await api.StartRunAsync(source, given.Count == 1 ? "incremental" : last.GetString());
            case "applyRun":
                return await api.ApplyRunAsync(source, given[1].GetString(), Option(last, "planVersion")?.GetInt32());
            case "items":
                var query = last.EnumerateObject().SelectMany(entry => new[] { entry.Name, entry.Value.GetString() });
                return await api.Items(source, query.ToArray()).ToListAsync();
            case "pages": return await api.Pages($"/v1/sources/{source}/items", "items", Texts(last).ToArray()).ToListAsync();
            default: throw new InvalidOperationException(operation);
        }
    }

    private static JsonElement? Option(JsonElement options, string name) =>
        options.ValueKind == JsonValueKind.Object && options.TryGetProperty(name, out var value)
            ? value
            : (JsonElement?)null;

    private static IEnumerable<object> Objects(JsonElement array) =>
        array.EnumerateArray().Select(entry => (object)entry);

    private static IEnumerable<string> Texts(JsonElement array) =>
        array.EnumerateArray().Select(entry => entry.GetString());
}
