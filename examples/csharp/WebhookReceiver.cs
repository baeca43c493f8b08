using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Tasks;

namespace Chatbot
{
    /// <summary>
    /// Receives webhooks, and prints each event once, as a line of JSON; the first line it prints is its port.
    ///
    ///     export WEBHOOK_SECRET="whsec_..."   # two of them, separated by a space, while you rotate the secret
    ///     dotnet run -- receive --port 8080
    ///
    /// Put it behind something that speaks https.
    /// </summary>
    public sealed class WebhookReceiver
    {
        private const int MaxBodyBytes = 64 * 1024;
        private static readonly JsonSerializerOptions Json = new JsonSerializerOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

        private readonly Inbox inbox = new Inbox();
        private readonly IReadOnlyCollection<string> secrets;

        /// <exception cref="ArgumentException">One of the secrets is none.</exception>
        public WebhookReceiver(IReadOnlyCollection<string> secrets)
        {
            foreach (var secret in secrets)
            {
                WebhookVerifier.KeyOf(secret);
            }
            this.secrets = secrets;
        }

        /// <summary>Serves until the process ends; port 0 is a free one.</summary>
        public async Task ServeAsync(string host, int port)
        {
            var listener = Listening(host, ref port);
            Console.WriteLine(port);
            var work = Task.Run(() => inbox.Work(Handle));
            while (!work.IsCompleted)
            {
                var context = await listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            await work;
        }

        // This is where your code goes.
        private static void Handle(string webhookId, JsonElement @event)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { webhookId, @event }, Json));
        }

        // Verifies, stores and answers at once; the work is done afterwards, since a slow answer is delivered again.
        private async Task AnswerAsync(HttpListenerContext context)
        {
            try
            {
                var headers = context.Request.Headers;
                var @event = WebhookVerifier.Verify(await BodyAsync(context.Request), name => headers[name], secrets);
                inbox.Put(headers["webhook-id"], @event);
                context.Response.StatusCode = 204;
                context.Response.Close();
            }
            catch (UnverifiedWebhookException error)
            {
                context.Response.StatusCode = error.Status;
                context.Response.ContentType = "text/plain; charset=utf-8";
                context.Response.Close(Encoding.UTF8.GetBytes(error.Message), willBlock: false);
            }
            catch (Exception error) when (error is IOException || error is HttpListenerException)
            {
                // The sender has gone away, and will send it again.
                context.Response.Abort();
            }
        }

        private static async Task<byte[]> BodyAsync(HttpListenerRequest request)
        {
            if (request.HttpMethod != "POST")
            {
                throw new UnverifiedWebhookException(405, "webhooks are posted");
            }
            using (var body = new MemoryStream())
            {
                var buffer = new byte[8192];
                int count;
                while ((count = await request.InputStream.ReadAsync(buffer, 0, buffer.Length)) > 0)
                {
                    if (body.Length + count > MaxBodyBytes)
                    {
                        throw new UnverifiedWebhookException(413, "the body is too large for a webhook");
                    }
                    body.Write(buffer, 0, count);
                }
                return body.ToArray();
            }
        }

        private static HttpListener Listening(string host, ref int port)
        {
            if (port == 0)
            {
                // HttpListener can't choose a port itself.
                var chosen = new TcpListener(IPAddress.Loopback, 0);
                chosen.Start();
                port = ((IPEndPoint)chosen.LocalEndpoint).Port;
                chosen.Stop();
            }
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://{host}:{port}/");
            try
            {
                listener.Start();
            }
            catch (HttpListenerException error)
            {
                throw new ArgumentException(
                    $"can't listen on {host}:{port}: {error.Message}; choose another with --port", error);
            }
            return listener;
        }

        /// <summary>
        /// What has come in: each event once, though a message may be delivered several times. Here both the ids and
        /// the events live in memory. In production insert them into your database in one transaction, with the id as
        /// unique key, and do the work from there.
        /// </summary>
        private sealed class Inbox
        {
            private const int RememberedIds = 10000;
            private readonly HashSet<string> ids = new HashSet<string>();
            private readonly Queue<string> oldest = new Queue<string>();
            private readonly BlockingCollection<KeyValuePair<string, JsonElement>> events =
                new BlockingCollection<KeyValuePair<string, JsonElement>>();

            public void Put(string id, JsonElement @event)
            {
                lock (ids)
                {
                    if (!ids.Add(id))
                    {
                        return;
                    }
                    oldest.Enqueue(id);
                    if (oldest.Count > RememberedIds)
                    {
                        ids.Remove(oldest.Dequeue());
                    }
                    events.Add(new KeyValuePair<string, JsonElement>(id, @event));
                }
            }

            public void Work(Action<string, JsonElement> handle)
            {
                foreach (var entry in events.GetConsumingEnumerable())
                {
                    handle(entry.Key, entry.Value);
                }
            }
        }
    }
}
