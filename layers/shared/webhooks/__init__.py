"""Webhooks: endpoints, signing, delivery, and which targets are safe to call."""
