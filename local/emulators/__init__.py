"""The emulators under the stack: Dynoxide for DynamoDB, moto for the other services."""
