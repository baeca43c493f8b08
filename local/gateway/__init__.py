"""The API Gateway front: REST events in format 1.0, the gateway's own limits, its own error responses."""
