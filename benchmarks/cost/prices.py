"""List prices of AWS, and bills: amounts of what is paid for, added, scaled and summed up in dollars.

us-east-1, on demand, arm64, first tier, without the free tiers; November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MILLION = 1_000_000
PAGES = "aws.amazon.com/{}/pricing"


class Price(NamedTuple):
    """Dollars for `each` of something; `checked` is whether it was held against the provider's page for this project.

    What was not is a figure from memory, and is marked so wherever it is shown.
    """

    what: str
    dollars: float
    each: int
    page: str
    checked: bool = False

    def of(self, amount: float) -> float:
        """The dollars for an amount."""
        return amount * self.dollars / self.each


PRICES = {
    "writes": Price("DynamoDB write units", 0.625, MILLION, "dynamodb", checked=True),
    "reads": Price("DynamoDB read units", 0.125, MILLION, "dynamodb", checked=True),
    "puts": Price("S3 PUT and LIST requests", 0.005, 1_000, "s3"),
    "gets": Price("S3 GET and HEAD requests", 0.0004, 1_000, "s3"),
    "requests": Price("API Gateway requests (REST)", 3.50, MILLION, "api-gateway"),
    "invocations": Price("Lambda invocations", 0.20, MILLION, "lambda"),
    "gb_seconds": Price("Lambda GB-seconds (estimate)", 0.0000133334 * MILLION, MILLION, "lambda"),
    "executions": Price("Step Functions Express executions", 1.00, MILLION, "step-functions"),
    "express_gb_seconds": Price("Express GB-seconds (estimate)", 0.00001667 * MILLION, MILLION, "step-functions"),
    "transitions": Price("Step Functions Standard transitions", 25.00, MILLION, "step-functions"),
    "messages": Price("SQS requests", 0.40, MILLION, "sqs"),
    "seals": Price("KMS requests", 0.03, 10_000, "kms"),
    "log_gb": Price("log lines, GB", 0.50, 1, "cloudwatch"),
    "out_gb": Price("answers out, GB", 0.09, 1, "ec2/on-demand"),
}
# Months of a GB.
STORAGE = {
    "table": Price("DynamoDB storage, GB a month", 0.25, 1, "dynamodb"),
    "backups": Price("point-in-time recovery, GB a month", 0.20, 1, "dynamodb"),
    "bucket": Price("S3 storage, GB a month", 0.023, 1, "s3"),
}
# Amounts that are estimated from the time of a processor, which can come out below nothing when they are carried on.
_ESTIMATED = ("gb_seconds", "express_gb_seconds")


@dataclass(frozen=True)
class Bill:
    """Amounts by the names of `PRICES`; other names are amounts that are told but not paid for."""

    amounts: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.amounts.get(name, 0)

    def __add__(self, other: Bill) -> Bill:
        return Bill({name: self[name] + other[name] for name in {**self.amounts, **other.amounts}})

    def __sub__(self, other: Bill) -> Bill:
        return self + other * -1

    def __mul__(self, factor: float) -> Bill:
        return Bill({name: amount * factor for name, amount in self.amounts.items()})

    def dollars(self, *names: str) -> float:
        """The dollars for these amounts, or for all."""
        return sum(PRICES[name].of(self[name]) for name in names or PRICES)


def carried_on(small: Bill, large: Bill, small_count: int, large_count: int, count: int) -> Bill:
    """Carry two samples on to a count: what is constant stays, what grows with the count grows on."""
    slope = (large - small) * (1 / (large_count - small_count))
    bill = large + slope * (count - large_count)
    positive = {name: max(0.0, bill[name]) for name in _ESTIMATED}
    return Bill({**bill.amounts, **positive})
