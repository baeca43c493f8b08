"""The switch of an event source mapping: closed is closed once nobody is inside."""

import threading

from local.events.valves import Valve


def test_valve_is_disabled_when_the_last_reader_is_out() -> None:
    valve, stopping = Valve(), threading.Event()
    with valve.passing(stopping) as passes:
        assert passes
        valve.turn(opened=False)
        assert valve.state == "Disabling"
    assert valve.state == "Disabled"
    valve.turn(opened=True)
    assert valve.state == "Enabled"


def test_reader_waits_before_a_closed_valve_and_goes_on_when_it_opens() -> None:
    valve, stopping, passed = Valve(), threading.Event(), threading.Event()
    valve.turn(opened=False)

    def read() -> None:
        with valve.passing(stopping) as passes:
            assert passes
            passed.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert not passed.wait(0.3)
    valve.turn(opened=True)
    assert passed.wait(10)
    reader.join()


def test_end_of_the_stack_lets_nobody_through_and_keeps_nobody() -> None:
    valve, stopping = Valve(), threading.Event()
    valve.turn(opened=False)
    stopping.set()
    with valve.passing(stopping) as passes:
        assert not passes
