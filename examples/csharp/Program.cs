using System;
using System.Collections.Generic;

namespace Chatbot
{
    /// <summary>Runs the walk-through, or with "receive" the webhook receiver.</summary>
    public static class Program
    {
        private const string Usage =
            "usage: [receive [--host HOST] [--port PORT] [--secret whsec_...]...], secrets also in WEBHOOK_SECRET";

        public static int Main(string[] arguments)
        {
            try
            {
                if (arguments.Length == 0)
                {
                    Quickstart.WalkAsync(new DeveloperApi()).GetAwaiter().GetResult();
                    return 0;
                }
                return arguments[0] == "receive" ? Receive(arguments) : Complain(Usage);
            }
            catch (Exception error) when (error is ApiException || error is ArgumentException)
            {
                Console.Error.WriteLine($"error: {error.Message}");
                return 1;
            }
        }

        private static int Receive(string[] arguments)
        {
            var host = "127.0.0.1";
            var port = 8080;
            var secrets = new List<string>();
            for (var at = 1; at < arguments.Length; at += 2)
            {
                var value = at + 1 < arguments.Length ? arguments[at + 1] : "";
                switch (arguments[at])
                {
                    case "--host": host = value; break;
                    case "--port":
                        if (!int.TryParse(value, out port))
                        {
                            return Complain(Usage);
                        }
                        break;
                    case "--secret": secrets.Add(value); break;
                    default: return Complain(Usage);
                }
            }
            if (secrets.Count == 0)
            {
                var found = Environment.GetEnvironmentVariable("WEBHOOK_SECRET") ?? "";
                secrets.AddRange(found.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries));
            }
            if (secrets.Count == 0)
            {
                return Complain("set WEBHOOK_SECRET, or use --secret");
            }
            new WebhookReceiver(secrets).ServeAsync(host, port).GetAwaiter().GetResult();
            return 0;
        }

        private static int Complain(string message)
        {
            Console.Error.WriteLine(message);
            return 2;
        }
    }
}
