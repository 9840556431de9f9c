"""A visitor sees their own finished jobs, and nobody else's."""

from studio.service.history import ENTRIES_PER_VISITOR, VISITORS, Entry, History


def entry(path, job_id="a"):
    path.write_bytes(b"x")
    return Entry(job_id=job_id, task="restyle", video=path, label="holiday.mp4")


def test_visitors_do_not_see_each_other(tmp_path):
    history = History()
    history.add("anna", entry(tmp_path / "a.mp4"))
    assert [found.job_id for found in history.of("anna")] == ["a"]
    assert history.of("bert") == ()
    assert history.of("") == ()


def test_no_key_means_no_history(tmp_path):
    history = History()
    history.add("", entry(tmp_path / "a.mp4"))
    assert history.of("") == ()


def test_newest_first_and_wiped_files_are_gone(tmp_path):
    history = History()
    for name in "abc":
        history.add("anna", entry(tmp_path / f"{name}.mp4", name))
    (tmp_path / "b.mp4").unlink()
    assert [found.job_id for found in history.of("anna")] == ["c", "a"]
    history.forget("c")
    assert [found.job_id for found in history.of("anna")] == ["a"]


def test_history_does_not_grow_without_end(tmp_path):
    history = History()
    one = entry(tmp_path / "a.mp4")
    for _ in range(ENTRIES_PER_VISITOR + 5):
        history.add("anna", one)
    assert len(history.of("anna")) == ENTRIES_PER_VISITOR
    for number in range(VISITORS):
        history.add(f"visitor-{number}", one)
    assert history.of("anna") == ()
