using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chatbot
{
    /// <summary>A message that must not be believed; Status is what to answer.</summary>
    public sealed class UnverifiedWebhookException : Exception
    {
        public UnverifiedWebhookException(int status, string message) : base(message)
        {
            Status = status;
        }

        public int Status { get; }
    }

    /// <summary>Verifies webhooks by Standard Webhooks 1.0; copy it with your receiver.</summary>
    public static class WebhookVerifier
    {
        private const long ToleranceSeconds = 300;

        /// <summary>
        /// Returns the event of a message that one of the secrets signed within the last five minutes.
        /// </summary>
        /// <param name="body">
        /// What came over the wire: JSON that was parsed and written again has another signature.
        /// </param>
        /// <param name="header">Finds a header of the request by its name; null if it has none.</param>
        /// <param name="secrets">The whsec_... of the endpoint: two while one is rotated.</param>
        /// <exception cref="UnverifiedWebhookException">Nobody signed it, or not just now.</exception>
        public static JsonElement Verify(byte[] body, Func<string, string> header, IEnumerable<string> secrets)
        {
            var names = new[] { "webhook-id", "webhook-timestamp", "webhook-signature" };
            var missing = names.Where(name => string.IsNullOrEmpty(header(name))).ToArray();
            if (missing.Length > 0)
            {
                throw new UnverifiedWebhookException(400, $"no {string.Join(", ", missing)}: this is no webhook");
            }
            var timestamp = header("webhook-timestamp");
            if (!IsRecent(timestamp))
            {
                throw new UnverifiedWebhookException(401, "the message was not signed within the last five minutes");
            }
            var signedContent = Encoding.UTF8.GetBytes($"{header("webhook-id")}.{timestamp}.").Concat(body).ToArray();
            var signatures = SignaturesIn(header("webhook-signature")).ToList();
            if (!secrets.Any(secret => IsSigned(signedContent, signatures, KeyOf(secret))))
            {
                throw new UnverifiedWebhookException(401, "none of the secrets signed this message");
            }
            return EventOf(body);
        }

        /// <summary>The bytes of a secret.</summary>
        /// <exception cref="ArgumentException">It is none.</exception>
        public static byte[] KeyOf(string secret)
        {
            const string prefix = "whsec_";
            var key = secret.StartsWith(prefix, StringComparison.Ordinal)
                ? FromBase64(secret.Substring(prefix.Length))
                : null;
            if (key == null || key.Length == 0)
            {
                throw new ArgumentException("a secret is whsec_ and base64; copy it anew");
            }
            return key;
        }

        private static bool IsRecent(string timestamp)
        {
            long seconds;
            return long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
                && Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) <= ToleranceSeconds;
        }

        // "v1,<base64> v1,<base64>": one for each live secret. Other versions are for other kinds of keys.
        private static IEnumerable<byte[]> SignaturesIn(string header)
        {
            foreach (var entry in header.Split(' ').Where(entry => entry.StartsWith("v1,", StringComparison.Ordinal)))
            {
                var signature = FromBase64(entry.Substring(3));
                if (signature != null)
                {
                    yield return signature;
                }
            }
        }

        private static bool IsSigned(byte[] signedContent, IEnumerable<byte[]> signatures, byte[] key)
        {
            using (var hmac = new HMACSHA256(key))
            {
                var expected = hmac.ComputeHash(signedContent);
                // In constant time, or a forger could find the signature byte by byte.
                return signatures.Any(signature => CryptographicOperations.FixedTimeEquals(expected, signature));
            }
        }

        private static JsonElement EventOf(byte[] body)
        {
            try
            {
                using (var document = JsonDocument.Parse(body))
                {
                    if (document.RootElement.ValueKind == JsonValueKind.Object)
                    {
                        return document.RootElement.Clone();
                    }
                }
            }
            catch (JsonException)
            {
                // Told below, as for any other body that is no event.
            }
            throw new UnverifiedWebhookException(400, "the body is no JSON object");
        }

        private static byte[] FromBase64(string text)
        {
            try
            {
                return Convert.FromBase64String(text);
            }
            catch (FormatException)
            {
                return null;
            }
        }
    }
}
