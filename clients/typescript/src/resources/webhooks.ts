/** Webhooks and their deliveries. `verifyWebhook` is what a receiver needs. */

import { Listing } from "../listing.js";
import type {
  CreateWebhookRequest,
  Delivery,
  RedeliveredResponse,
  RedeliverFailedRequest,
  RotateSecretRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookSecretResponse,
} from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/** `client.webhooks`. */
export class Webhooks extends Resource {
  /** List the webhooks. */
  list(query: ListQuery<"list_webhooks"> = {}): Listing<Webhook> {
    return new Listing(this.api, "/v1/webhooks", "webhooks", query);
  }

  /** Make a webhook; its `secret` is shown here and never again. */
  async create(webhook: CreateWebhookRequest, writing: Writing = {}): Promise<WebhookSecretResponse> {
    return whole(await this.api.write("POST", "/v1/webhooks", webhook, writing));
  }

  /** Read a webhook. */
  async get(webhookId: string, reading: Reading = {}): Promise<Webhook> {
    return (await this.api.get(pathTo("webhooks", webhookId), {}, reading))["webhook"];
  }

  /** Change a webhook; what is not named stays. */
  async update(webhookId: string, changes: UpdateWebhookRequest, writing: Writing = {}): Promise<Webhook> {
    return (await this.api.write("PATCH", pathTo("webhooks", webhookId), changes, writing))["webhook"];
  }

  /** Delete a webhook. */
  async delete(webhookId: string, writing: Writing = {}): Promise<Webhook> {
    return (await this.api.write("DELETE", pathTo("webhooks", webhookId), undefined, writing))["webhook"];
  }

  /** Make a new secret; both sign for `overlapSeconds`. */
  async rotateSecret(webhookId: string, wanted: RotateSecretRequest = {}, writing: Writing = {}): Promise<WebhookSecretResponse> {
    return whole(await this.api.write("POST", pathTo("webhooks", webhookId, "rotate-secret"), wanted, writing));
  }

  /** Have a `webhook.test` sent. */
  async test(webhookId: string, writing: Writing = {}): Promise<Delivery> {
    return (await this.api.write("POST", pathTo("webhooks", webhookId, "test"), undefined, writing))["delivery"];
  }

  /** List what was sent, or is to be, the newest first. */
  deliveries(webhookId: string, query: ListQuery<"list_deliveries"> = {}): Listing<Delivery> {
    return new Listing(this.api, pathTo("webhooks", webhookId, "deliveries"), "deliveries", query);
  }

  /** Read a delivery with its attempts. */
  async delivery(webhookId: string, deliveryId: string, reading: Reading = {}): Promise<Delivery> {
    return (await this.api.get(pathTo("webhooks", webhookId, "deliveries", deliveryId), {}, reading))["delivery"];
  }

  /** Send a delivery again, whatever became of it. */
  async redeliver(webhookId: string, deliveryId: string, writing: Writing = {}): Promise<Delivery> {
    const path = pathTo("webhooks", webhookId, "deliveries", deliveryId, "redeliver");
    return (await this.api.write("POST", path, undefined, writing))["delivery"];
  }

  /** Send again what failed since a time, at most 200; `more` tells whether to ask again. */
  async redeliverFailed(webhookId: string, wanted: RedeliverFailedRequest, writing: Writing = {}): Promise<RedeliveredResponse> {
    return whole(await this.api.write("POST", pathTo("webhooks", webhookId, "redeliver"), wanted, writing));
  }
}
