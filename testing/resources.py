"""The tables and the bucket of template.yaml, created wherever a client points, and the clients to reach them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from local.emulators.kms_keys import install_keys
from local.events.rules import create_buses
from local.template import Template, read_template
from local.template.keys import key_specs
from local.template.load import REGION
from local.template.queues import create_queues
from local.template.resolve import Resolver
from local.template.tables import create_buckets, create_tables, resource_environment, table_requests
from testing.lean_moto import make_lean

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    "AWS_EC2_METADATA_DISABLED": "true",
}


make_lean()


@cache
def project_template() -> Template:
    """Return template.yaml as it is written; reading it once is enough for a session."""
    return read_template()


@dataclass(frozen=True)
class Resources:
    """The template's tables and bucket under one prefix, on the services that `endpoints` names.

    `environment` is what the functions would find: resource names, credentials, endpoints.
    """

    prefix: str
    endpoints: dict[str, str] = field(default_factory=dict)

    @property
    def resolver(self) -> Resolver:
        """Return the names that resources have under this prefix."""
        return Resolver(project_template(), prefix=self.prefix)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables under which product code meets these resources."""
        endpoints = {f"AWS_ENDPOINT_URL_{service.upper()}": url for service, url in self.endpoints.items()}
        names = resource_environment(project_template(), self.resolver)
        return {**CREDENTIALS, **names, **endpoints}

    def client(self, service: str, **config: Any) -> Any:
        """Make a client of a service; `config` goes into botocore's Config."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self.endpoints.get(service),
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(**config),
        )

    def table_name(self, logical_id: str) -> str:
        """Return the physical name of a table, as `CatalogTable` names it."""
        return self.resolver.name(logical_id)

    @property
    def bucket(self) -> str:
        """Return the physical name of the content bucket."""
        return self.resolver.name("ContentBucket")

    def create(self) -> None:
        """Create the tables, the bucket, the queues, the bus and the keys. Nobody reads the tables' streams here."""
        self.create_tables()
        create_buckets(self.client("s3"), project_template(), self.resolver)
        create_queues(self.client("sqs"), project_template(), self.resolver)
        create_buses(self.client("events"), project_template(), self.resolver)
        install_keys(key_specs(project_template(), self.resolver), None)

    def create_tables(self) -> None:
        """Create the tables alone."""
        create_tables(self.client("dynamodb"), project_template(), self.resolver, streams=False)

    def drop_tables(self) -> None:
        """Delete the tables with what they hold."""
        dynamodb = self.client("dynamodb")
        for request in table_requests(project_template(), self.resolver).values():
            dynamodb.delete_table(TableName=request["TableName"])


def continuous_integration() -> bool:
    """Tell whether a missing tool must fail the tests that need it, and not skip them."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
