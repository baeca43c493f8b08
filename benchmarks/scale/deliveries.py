"""Webhooks of a night: events, the relay, the queue, the senders, the posts of a tenant, and receivers that are slow.

First attempts alone: a receiver that is slow still answers. The stream has one shard, which one relay reads in order;
a flood is on the queue already. Messages are received in order; on AWS a fair queue serves
tenants with few of them first, so others wait rather less than here.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from itertools import count

from benchmarks.scale import parameters as given

_SEED = 20_261_128


@dataclass(frozen=True)
class Scenario:
    """Events of so many tenants within some minutes, one each; some receivers are slow, and one tenant has a flood."""

    label: str
    minutes: float
    events: int = int(given.TENANTS.value)
    slow: float = 0.0
    flood: int = 0
    senders: int = int(given.SENDERS.value)


@dataclass(frozen=True)
class Sent:
    """How long events of receivers that are well waited until they were answered, in seconds, and the end of all."""

    scenario: Scenario
    waits: list[float]
    ended: float

    def quantile(self, share: float) -> float:
        """Of what waited."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))]


def simulate(scenario: Scenario) -> Sent:
    """Send all of them."""
    chance, number = random.Random(_SEED), count()
    flooding = -1
    # When it can be received, a number to tell them apart, tenant, when it was made, seconds of its post, returns.
    queue: list[tuple[float, int, int, float, float, int]] = []
    times = sorted(chance.uniform(0, 60 * scenario.minutes) for _ in range(scenario.events))
    relayed = 0.0
    for tenant in range(scenario.events):
        made = times[tenant]
        relayed = max(made, relayed) + given.relay_seconds()
        seconds = given.SLOW_POST.value if chance.random() < scenario.slow else given.QUICK_POST.value
        queue.append((relayed, next(number), tenant, made, seconds, 0))
    queue += [(0.0, next(number), flooding, 0.0, given.SLOW_POST.value, 0) for _ in range(scenario.flood)]
    heapq.heapify(queue)
    senders = [0.0] * scenario.senders
    posts: dict[int, list[float]] = {}
    waits: list[float] = []
    ended = 0.0
    while queue:
        now = max(heapq.heappop(senders), queue[0][0])
        until = now
        for _ in range(int(given.BATCH.value)):
            if not queue or queue[0][0] > now:
                break
            _, _, tenant, made, seconds, returns = heapq.heappop(queue)
            under_way = [end for end in posts.get(tenant, []) if end > now]
            if len(under_way) >= given.TENANT_POSTS.value:
                returns += 1
                back = 2**returns * (0.5 + chance.random())
                wait = back if returns <= given.RETURNS.value else given.SWEEP_SECONDS.value
                heapq.heappush(queue, (now + wait, next(number), tenant, made, seconds, returns % 5))
                continue
            posts[tenant] = [*under_way, now + seconds]
            until = max(until, now + seconds)
            if seconds == given.QUICK_POST.value:
                waits.append(now + seconds - made)
        # An invocation ends with its longest post.
        heapq.heappush(senders, until)
        ended = max(ended, until)
    return Sent(scenario, waits, ended)


SCENARIOS = [
    Scenario("in one minute", 1),
    Scenario("over an hour", 60),
    Scenario("over an hour, 1 % of receivers slow", 60, slow=0.01),
    Scenario("over an hour, 10 % slow", 60, slow=0.1),
    Scenario("over an hour, 50 % slow", 60, slow=0.5),
    Scenario("over an hour, 50 % slow, 100 senders", 60, slow=0.5, senders=100),
    Scenario("over an hour, and 1,000 events of one slow tenant", 60, flood=1_000),
]
