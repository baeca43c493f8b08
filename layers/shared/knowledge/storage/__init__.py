"""The bottom room: how stores reach DynamoDB, S3 and KMS, and how stored values are written."""
