"""Makes, lists, suspends and deletes the tenants of a deployment: see "Tenants" in docs/operations/deploy.md.

    python -m operations.tenants --stack STACK create --name Acme
    python -m operations.tenants --stack STACK list
    python -m operations.tenants --stack STACK suspend ten_...
    python -m operations.tenants --stack STACK revoke ten_...
    python -m operations.tenants --stack STACK resume ten_...
    python -m operations.tenants --stack STACK delete ten_... [--leave-content]

Answers are lines of JSON. Each command can be repeated, and goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from operations.stack import DeployedStack, RefusedError, find_stack, tell_lines

_TENANT = "tenant#"
# Attributes of a key that can't be used.
_ENDS = {"revokedAt", "suspendedAt", "disabledAt"}
# What a row has that is a session's of a key.
_SESSION = {"parentKeyId"}
# What a tenant has in the bucket lies in these folders, under its id.
_FOLDERS = ("content", "runs", "index", "snapshots", "imports", "erasures", "idempotency")
# As `POST /v1/sources/{id}/delete` marks an archived source; what is under way of an erasure or an import ends without
# its mark. The upkeep finds it by `waiting`.
_MARK_DELETING = (
    "SET #status = :deleting, deletingSince = :now, updatedAt = :now, waiting = :waiting, remindAt = :now"
    " REMOVE erasureId, erasureOpening, openSnapshotId, openSnapshotExpiresAt, importId"
)
# Rows that forget themselves once they are relayed.
_EVENTS = "event#"
_WEBHOOK = "webhook#"
# What was asked of its sources stands in so many partitions for each of its environments.
_ENVIRONMENTS, _SHARDS = ("live", "test"), 8


@dataclass(frozen=True)
class Deployment:
    """What the commands work on: clients, and the names of the stack's resources."""

    dynamodb: Any
    s3: Any
    invoke: Callable[[dict[str, Any]], dict[str, Any]]
    keys_table: str
    catalog_table: str
    questions_table: str
    bucket: str

    def create_tenant(self, name: str) -> dict[str, Any]:
        """Make a tenant and its first admin key; the answer holds the key's secret, once."""
        return self.invoke({"name": name})

    def list_tenants(self) -> Iterator[dict[str, Any]]:
        """Tell of every tenant what its row says, and how many of its keys can be used."""
        tenants, usable, now = {}, dict[str, int](), int(time.time() * 1000)
        for row in self._rows():
            if row["keyId"]["S"].startswith(_TENANT):
                tenants[row["keyId"]["S"].removeprefix(_TENANT)] = row
            elif not row.keys() & (_ENDS | _SESSION) and _number(row, "expiresAt", now + 1) > now:
                usable[row["tenantId"]["S"]] = usable.get(row["tenantId"]["S"], 0) + 1
        for tenant_id, row in sorted(tenants.items()):
            yield {
                "tenantId": tenant_id,
                "name": row["name"]["S"],
                "createdAt": _number(row, "createdAt", 0),
                "suspendedAt": _number(row, "suspendedAt", 0) or None,
                "usableKeys": usable.get(tenant_id, 0),
                "requestsPerMinute": _number(row, "rateLimitSum", 0),
            }

    def suspend_tenant(self, tenant_id: str) -> int:
        """Refuse the tenant's requests from the next one on; returns how many keys were marked.

        The tenant's row is marked first, and no key is made while it is: so none can come in behind the marking.
        """
        now = {":now": {"N": str(int(time.time() * 1000))}}
        mark = "SET suspendedAt = if_not_exists(suspendedAt, :now)"
        self._update(_TENANT + self._known(tenant_id), mark, now)
        return sum(self._update(key, mark, now) for key in self._keys(tenant_id, suspended=False))

    def resume_tenant(self, tenant_id: str) -> int:
        """Let the tenant's keys work again; returns how many. Those that expired or were revoked stay so."""
        self._known(tenant_id)
        resumed = sum(self._update(key, "REMOVE suspendedAt") for key in self._keys(tenant_id, suspended=True))
        # Last, so that a tenant that is resumed by half still shows as suspended.
        self._update(_TENANT + tenant_id, "REMOVE suspendedAt")
        return resumed

    def revoke_keys(self, tenant_id: str) -> int:
        """Revoke every key of a suspended tenant, for good; returns how many. No webhook is told of it.

        While it is suspended no key is made or rotated, and none that is revoked is counted again: so once all are
        marked its figures are nothing. Raises RefusedError for a tenant that is not suspended.
        """
        if "suspendedAt" not in self._row(self._known(tenant_id)):
            raise RefusedError("suspend the tenant first: another key could be made meanwhile")
        rows = [row for row in self._rows() if row.get("tenantId", {}).get("S") == tenant_id]
        # What a key has of the sum goes with it, and so does what would take that out of the sum later.
        end = "SET revokedAt = if_not_exists(revokedAt, :now), #share = :none ADD #revision :one"
        end += " REMOVE shareLeavesAt, leavingTenantId"
        names = {"#share": "share", "#revision": "revision"}
        numbers = {":now": int(time.time() * 1000), ":none": 0, ":one": 1}
        values = {name: {"N": str(number)} for name, number in numbers.items()}
        living = 0
        for row in rows:
            living += "revokedAt" not in row
            if "revokedAt" not in row or _number(row, "share", 0):
                self._update(row["keyId"]["S"], end, values, names=names)
        nothing = {":none": {"N": "0"}}
        self._update(_TENANT + tenant_id, "SET adminKeys = :none, rateLimitSum = :none", nothing, "suspendedAt")
        return living

    def delete_tenant(self, tenant_id: str, *, leave_content: bool) -> dict[str, Any]:
        """Delete a suspended tenant; returns what stays of it, which nobody can reach then.

        Its sources are marked, and the upkeep deletes them; as long as there are any, this only tells how many. When
        none is left, all else goes that the tenant has, its keys and its row last. With `leave_content` only these go.
        Raises RefusedError for a tenant that is not suspended.
        """
        if "suspendedAt" not in self._row(self._known(tenant_id)):
            raise RefusedError("suspend the tenant first: a request that is under way would see its key go")
        sources = self._sources(tenant_id)
        if not leave_content:
            marked = sum(self._mark_deleting(tenant_id, source) for source in sources)
            if sources:
                return {"tenantId": tenant_id, "deleted": False, "markedSources": marked, "leftSources": sources}
            rows = self._delete_rows(tenant_id) + self._delete_questions(tenant_id)
            versions = sum(self._delete_versions(f"{folder}/{tenant_id}/") for folder in _FOLDERS)
            return {
                "tenantId": tenant_id,
                "deleted": True,
                "deletedRows": rows,
                "deletedVersions": versions,
                "deletedKeys": self._delete_keys(tenant_id),
            }
        folders = [f"s3://{self.bucket}/{folder}/{tenant_id}/" for folder in _FOLDERS]
        deleted = self._delete_keys(tenant_id)
        return {"tenantId": tenant_id, "deletedKeys": deleted, "leftSources": sources, "leftFolders": folders}

    def _delete_keys(self, tenant_id: str) -> int:
        keys = [row["keyId"]["S"] for row in self._rows() if row.get("tenantId", {}).get("S") == tenant_id]
        # The row last: without it nothing would say that keys are left.
        for key in [*keys, _TENANT + tenant_id]:
            self.dynamodb.delete_item(TableName=self.keys_table, Key={"keyId": {"S": key}})
        return len(keys)

    def _mark_deleting(self, tenant_id: str, source_id: str) -> int:
        values = {
            ":deleting": {"S": "deleting"},
            ":waiting": {"S": "deletions"},
            ":now": {"N": str(int(time.time() * 1000))},
        }
        try:
            self.dynamodb.update_item(
                TableName=self.catalog_table,
                Key={"pk": {"S": tenant_id}, "sk": {"S": f"source#{source_id}"}},
                UpdateExpression=_MARK_DELETING,
                # One that the upkeep deleted meanwhile would come back as nothing but the mark.
                ConditionExpression="attribute_exists(pk) AND #status <> :deleting",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=values,
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return 0
        return 1

    def _delete_rows(self, tenant_id: str) -> int:
        """Delete a tenant's webhooks with their deliveries, and whatever else stands in its partition; but events."""
        deleted = 0
        for sk in self._sort_keys(tenant_id):
            if sk.startswith(_WEBHOOK):
                endpoint = sk.removeprefix(_WEBHOOK)
                # The deliveries first: nothing else names them.
                for delivery in self._sort_keys(endpoint):
                    deleted += self._delete_row(endpoint, delivery)
            if not sk.startswith(_EVENTS):
                deleted += self._delete_row(tenant_id, sk)
        return deleted

    def _delete_questions(self, tenant_id: str) -> int:
        """Delete what was asked late, while its sources were being deleted: their deletion took the rest along."""
        partitions = [f"{tenant_id}#{each}#{shard}" for each in _ENVIRONMENTS for shard in range(_SHARDS)]
        table = self.questions_table
        return sum(self._delete_row(pk, sk, table) for pk in partitions for sk in self._sort_keys(pk, table=table))

    def _delete_row(self, pk: str, sk: str, table: str = "") -> int:
        self.dynamodb.delete_item(TableName=table or self.catalog_table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return 1

    def _delete_versions(self, prefix: str) -> int:
        deleted = 0
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix):
            found = [
                {"Key": each["Key"], "VersionId": each["VersionId"]}
                for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]
            if found:
                answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": found, "Quiet": True})
                if answer.get("Errors"):
                    raise RefusedError(f"S3 deleted some objects under {prefix} not; repeat the command")
                deleted += len(found)
        return deleted

    def _rows(self) -> Iterator[dict[str, Any]]:
        # The index by tenant lags behind, and would miss a key that was just made.
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.keys_table, ConsistentRead=True):
            yield from page["Items"]

    def _keys(self, tenant_id: str, *, suspended: bool) -> list[str]:
        rows = [row for row in self._rows() if row.get("tenantId", {}).get("S") == tenant_id]
        return [row["keyId"]["S"] for row in rows if ("suspendedAt" in row) is suspended]

    def _row(self, tenant_id: str) -> dict[str, Any]:
        key = {"keyId": {"S": _TENANT + tenant_id}}
        found = self.dynamodb.get_item(TableName=self.keys_table, Key=key, ConsistentRead=True)
        row: dict[str, Any] = found.get("Item", {})
        return row

    def _known(self, tenant_id: str) -> str:
        if not self._row(tenant_id):
            raise RefusedError(f"there is no tenant {tenant_id}: `list` tells which there are")
        return tenant_id

    def _update(
        self,
        key_id: str,
        expression: str,
        values: dict[str, Any] | None = None,
        needed: str = "keyId",
        *,
        names: dict[str, str] | None = None,
    ) -> int:
        request: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        if names:
            request["ExpressionAttributeNames"] = names
        self.dynamodb.update_item(
            TableName=self.keys_table,
            Key={"keyId": {"S": key_id}},
            UpdateExpression=expression,
            # A key that was deleted meanwhile would come back as nothing but the mark.
            ConditionExpression=f"attribute_exists({needed})",
            **request,
        )
        return 1

    def _sources(self, tenant_id: str) -> list[str]:
        return [sk.removeprefix("source#") for sk in self._sort_keys(tenant_id, "source#")]

    def _sort_keys(self, pk: str, prefix: str = "", *, table: str = "") -> list[str]:
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if prefix:
            condition, values = f"{condition} AND begins_with(sk, :prefix)", {**values, ":prefix": {"S": prefix}}
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=table or self.catalog_table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        return [row["sk"]["S"] for page in pages for row in page["Items"]]


def _number(row: dict[str, Any], name: str, otherwise: int) -> int:
    return int(row[name]["N"]) if name in row else otherwise


def deployment_of(stack: DeployedStack) -> Deployment:
    """Find what the commands work on in a stack."""
    return Deployment(
        stack.client("dynamodb"),
        stack.client("s3"),
        partial(stack.invoke, "BootstrapTenantFunction"),
        stack.physical("KeysTable"),
        stack.physical("CatalogTable"),
        stack.physical("QuestionsTable"),
        stack.physical("ContentBucket"),
    )


def run(deployment: Deployment, chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Carry a command out; yields the lines of its answer."""
    match chosen.command:
        case "create":
            yield deployment.create_tenant(chosen.name)
        case "list":
            yield from deployment.list_tenants()
        case "suspend":
            yield {"tenantId": chosen.tenant, "suspendedKeys": deployment.suspend_tenant(chosen.tenant)}
        case "revoke":
            yield {"tenantId": chosen.tenant, "revokedKeys": deployment.revoke_keys(chosen.tenant)}
        case "resume":
            yield {"tenantId": chosen.tenant, "resumedKeys": deployment.resume_tenant(chosen.tenant)}
        case _:
            yield deployment.delete_tenant(chosen.tenant, leave_content=chosen.leave_content)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read a command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="make a tenant and its first admin key").add_argument("--name", required=True)
    commands.add_parser("list", help="tell of every tenant")
    commands.add_parser("suspend", help="refuse every request of a tenant").add_argument("tenant")
    commands.add_parser("revoke", help="revoke every key of a suspended tenant, for good").add_argument("tenant")
    commands.add_parser("resume", help="let the keys of a tenant work again").add_argument("tenant")
    deleting = commands.add_parser("delete", help="delete a suspended tenant, for good; repeat it until all is deleted")
    deleting.add_argument("tenant")
    deleting.add_argument(
        "--leave-content", action="store_true", help="delete its keys alone; sources and objects stay"
    )
    return parser.parse_args(arguments)


def main() -> int:
    """Do what the command line asks."""
    chosen = parse()
    return tell_lines(lambda: run(deployment_of(find_stack(chosen.stack)), chosen))


if __name__ == "__main__":
    sys.exit(main())
