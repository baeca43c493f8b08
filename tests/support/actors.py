"""Named actors that take turns at each AWS call, in an order that one seed decides.

Each actor is a thread, and one alone runs at a time: it is let through its gate, makes its call, and goes on to its
next gate. So a schedule is a list of names, and the same seed gives the same one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Semaphore, Thread, current_thread

from testing.faults import Call, Way
from testing.held_clock import HeldClock
from testing.kept_connection import ANSWER_SECONDS

JUMPS_SECONDS = (2, 6, 16, 61)
# An actor at work waits for the emulator at most, whose own patience is shorter.
_STUCK_SECONDS = 2 * ANSWER_SECONDS


@dataclass
class Temper:
    """How a schedule behaves; drawn from the seed, so that seeds differ in kind and not in luck alone.

    `sticky` is the chance that the same actor goes on, `jumpy` that the clock jumps before a turn, `faulty` that the
    call of a turn goes wrong.
    """

    sticky: float
    jumpy: float
    faulty: float

    @staticmethod
    def drawn(dice: random.Random) -> Temper:
        """Draw one."""
        return Temper(dice.choice((0, 0.5, 0.8, 0.95)), dice.choice((0, 0.01, 0.05)), dice.choice((0, 0, 0.01, 0.03)))


class Actor(Thread):
    """One actor; `error` is what ended it early."""

    def __init__(self, name: str, body: Callable[[], None], stage: Stage) -> None:
        super().__init__(name=name, daemon=True)
        self.body = body
        self.stage = stage
        self.turn = Semaphore(0)
        self.over = False
        self.error: BaseException | None = None
        self.way: Way | None = None
        self.doing = "start"

    def run(self) -> None:
        self.turn.acquire()
        try:
            self.body()
        except BaseException as error:
            self.error = error
        self.over = True
        self.stage.arrived.release()


@dataclass
class Stage:
    """Where actors take turns. `at` counts the turns taken; `schedule` tells who did what."""

    dice: random.Random
    clock: HeldClock
    temper: Temper
    actors: list[Actor] = field(default_factory=list)
    arrived: Semaphore = field(default_factory=lambda: Semaphore(0))
    at: int = 0
    schedule: list[str] = field(default_factory=list)

    def enter(self, name: str, body: Callable[[], None]) -> None:
        """Add an actor; it starts when its first turn comes."""
        self.actors.append(Actor(name, body, self))

    def gate(self, call: Call) -> Way | None:
        """Hold an actor up until its turn; calls from outside the stage pass."""
        self.clock.advance(ms=1)
        return self.wait(str(call))

    def wait(self, doing: str) -> Way | None:
        """Let others take their turns."""
        actor = current_thread()
        if not isinstance(actor, Actor):
            return None
        actor.doing = doing
        self.arrived.release()
        actor.turn.acquire()
        way, actor.way = actor.way, None
        return way

    def play(self) -> None:
        """Give turns until every actor is done; the first actor's error is raised."""
        for actor in self.actors:
            actor.start()
        last: Actor | None = None
        while ready := [actor for actor in self.actors if not actor.over]:
            if last is None or last.over or self.dice.random() >= self.temper.sticky:
                last = self.dice.choice(ready)
            self._give_turn(last)
        for actor in self.actors:
            actor.join(_STUCK_SECONDS)
            if actor.error is not None:
                raise actor.error

    def _give_turn(self, actor: Actor) -> None:
        note = f"{self.at} {actor.name}: {actor.doing}"
        if self.dice.random() < self.temper.jumpy:
            seconds = self.dice.choice(JUMPS_SECONDS)
            self.clock.advance(seconds=seconds)
            note += f" (+{seconds} s)"
        if "." in actor.doing and self.dice.random() < self.temper.faulty:
            actor.way = self.dice.choice(list(Way))
            note += f" ({actor.way})"
        self.schedule.append(note)
        self.at += 1
        actor.turn.release()
        assert self.arrived.acquire(timeout=_STUCK_SECONDS), f"{actor.name} does not come back"


def now_playing() -> str:
    """The name of the actor that is at work, or of the thread outside the stage."""
    return current_thread().name
