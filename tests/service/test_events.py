"""The log of events: nothing that matters is lost, whoever watches and whenever."""

import threading

import pytest

from studio.service.events import Event, EventLog, StepClock


def test_a_late_watcher_sees_every_stage_and_the_end():
    log = EventLog()
    log.add(Event("waiting", 1))
    log.add(Event("loading"))
    for step in range(100):
        log.add(Event("working", step, 100))
    log.add(Event("done"))
    seen = list(log.follow())
    assert [event.kind for event in seen] == ["waiting", "loading", "working", "done"]
    assert seen[2].done == 99


def test_nothing_follows_an_end():
    log = EventLog()
    log.add(Event("cancelled"))
    log.add(Event("working", 1, 2))
    assert [event.kind for event in log.follow()] == ["cancelled"]
    assert log.last().kind == "cancelled"


def test_two_watchers_at_once_both_reach_the_end():
    log = EventLog()
    seen = [[], []]
    threads = [threading.Thread(target=lambda out=out: out.extend(log.follow())) for out in seen]
    for thread in threads:
        thread.start()
    for step in range(50):
        log.add(Event("working", step, 50))
    log.add(Event("done"))
    for thread in threads:
        thread.join(10)
    for events in seen:
        steps = [event.done for event in events if event.kind == "working"]
        assert steps == sorted(steps)
        assert events[-1].kind == "done"


def test_silence_ends_a_watch_that_has_a_timeout():
    log = EventLog()
    log.add(Event("working", 1, 2))
    assert len(list(log.follow(timeout=0.01))) == 1


def test_fraction():
    assert Event("working", 1, 4).fraction == 0.25
    assert Event("working", 5, 4).fraction == 1.0
    assert Event("working", 5).fraction is None


def test_time_left_follows_the_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("studio.service.events.time.monotonic", lambda: now[0])
    clock = StepClock(10)
    now[0] += 2.0
    assert clock.advance(1) == pytest.approx(18.0)
    now[0] += 2.0
    assert clock.advance(2) == pytest.approx(16.0)
    assert StepClock(None).advance(3) is None


def test_a_slow_first_step_is_forgotten(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("studio.service.events.time.monotonic", lambda: now[0])
    clock = StepClock(100)
    now[0] = 60.0
    clock.advance(1)
    left = None
    for step in range(2, 30):
        now[0] += 1.0
        left = clock.advance(step)
    assert left == pytest.approx(71.0)
