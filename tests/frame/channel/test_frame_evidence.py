"""What is known to be shown, and when an open is done: rules without a page."""

from types import SimpleNamespace

import pytest
from framepage import P1, P2
from opens import A, B, Open, heard, judged, line

from cocalc_widget.frame.channel.evidence import MOST, Evidence, Proof
from cocalc_widget.frame.channel.inquiries import Finding
from cocalc_widget.frame.channel.proving import KNOWLEDGE, STATUS, Proving
from cocalc_widget.frame.messages.inbox import Line, Result

# what a line of CoCalc's log is evidence of


def test_a_rendering_belongs_to_the_opening_of_the_same_line():
    evidence = heard(line(key="1"), line(path="b.md", key="2"))
    assert evidence.hear(line("rendered", key="2")).path == "b.md"
    assert evidence.weigh(B).evidence == "rendered"
    assert evidence.weigh(A).evidence == "opened"
    assert evidence.hear(line("rendered", key="3")) is None, "of a file that nobody saw open"


def test_a_line_that_comes_twice_is_no_event():
    evidence = heard(line())
    assert evidence.hear(line()) is None
    assert evidence.hear(line(key="2")) is not None, "opened once more"


def test_other_lines_are_events_and_no_evidence():
    evidence = Evidence()
    event = evidence.hear(Line("file_action", "9", P1, "a.md", "", 1.0, 1))
    assert (event.name, event.path, event.id) == ("file_action", "a.md", "9")
    assert not evidence.has(A)
    assert evidence.told


def test_a_new_document_starts_with_nothing():
    evidence = heard(line())
    assert evidence.turn(1) is False
    assert evidence.has(A)
    assert evidence.turn(2) is True
    assert not evidence.has(A)
    assert evidence.told is False
    assert evidence.hear(line(generation=1)) is None, "late news of the old one"
    assert not evidence.has(A)
    evidence.hear(line(generation=3))
    assert evidence.has(A)
    assert evidence.turn(3) is False


def test_a_rendering_later_proves_it_for_a_file_that_was_opened_often():
    evidence = heard(*(line(key=f"{n}") for n in range(15)))
    evidence.hear(line("rendered", key="0", heard=900.0))
    assert evidence.weigh(A).evidence == "rendered"


def test_not_more_is_remembered_than_anybody_has_open():
    evidence = heard(*(line(path=f"{n}", key=f"{n}") for n in range(MOST + 2)))
    assert len(evidence.listing()[P1]) == MOST
    assert not evidence.has((P1, "1")), "the oldest go"
    assert evidence.has((P1, "2"))
    again = heard(*(line(key=f"{n}") for n in range(100)))
    assert again.hear(line(key="99")) is None
    assert again.hear(line(key="5")) is not None, "too long ago to be known as the same line"


def test_the_listing_has_the_latest_last_and_only_what_is_open():
    evidence = heard(line(key="1"), line(path="b.md", key="2"), line(key="3"))
    evidence.hear(line(path="c.md", key="4", project_id=P2))
    assert evidence.listing() == {P1: ["b.md", "a.md"], P2: ["c.md"]}
    evidence.keep({P1: ["a.md"]})
    assert evidence.listing() == {P1: ["a.md"]}


@pytest.mark.parametrize("listed", [True, False, None])
def test_without_a_line_there_is_the_list_at_most(listed):
    there = "status" if listed else ""
    assert Evidence().weigh(A, listed=listed) == Proof(there)
    old = heard(line(heard=50.0))
    assert old.weigh(A, posted=60.0, listed=listed) == Proof(there), "opened before the command"


def test_a_rendering_after_the_command_is_sure_and_is_timed():
    evidence = heard(line(heard=100.0), line("rendered", heard=600.0))
    assert evidence.weigh(A, posted=100.0) == Proof("rendered", sure=True, shown_after=0.5)
    assert evidence.weigh(A, posted=101.0) == Proof(""), "of an earlier opening"
    assert evidence.weigh(A, posted=101.0, steered=True) == Proof("rendered", sure=True)


def test_a_file_that_was_rendered_before_it_was_asked_for_again_has_no_time():
    evidence = heard(
        line(key="1", heard=100.0), line("rendered", key="1", heard=200.0),
        line(key="2", heard=900.0), line("rendered", key="2", heard=950.0),
    )  # fmt: skip
    assert evidence.weigh(A, posted=800.0) == Proof("rendered", sure=True, shown_after=None)


def test_the_first_line_is_sure_where_a_url_was_loaded_and_until_2025():
    evidence = heard(line(heard=100.0))
    assert evidence.weigh(A, posted=50.0) == Proof("opened")
    assert evidence.weigh(A, posted=50.0, steered=True) == Proof("opened", sure=True)
    assert evidence.weigh(A, posted=50.0, generation="B") == Proof("opened")
    assert evidence.weigh(A, posted=50.0, generation="A") == Proof("opened", sure=True)
    for listed in (True, None):  # it comes once for each file of a document
        proof = evidence.weigh(A, posted=500.0, generation="A", listed=listed)
        assert proof == Proof("opened", sure=True)
    closed = evidence.weigh(A, posted=500.0, generation="A", listed=False)
    assert closed == Proof(""), "it was closed since"
    again = evidence.weigh(A, posted=50.0, generation="A", listed=False)
    assert again == Proof("opened"), "opened, and not in the list any more"


def test_a_symlink_is_found_under_both_names():
    evidence = heard(line(path="real.md", heard=100.0))
    assert evidence.weigh(A, opened_as="real.md").evidence == "opened"
    assert evidence.weigh(A).evidence == ""
    assert evidence.weigh((P2, "a.md"), opened_as="real.md").evidence == ""


# opens that are done


def test_what_is_sure_ends_at_once():
    assert judged(0, proof="rendered", sure=True) == ("end", True, "")
    assert judged(0, proof="rendered", sure=True, doubtful=True, listed=None)[:2] == ("end", True)


def test_opened_and_listed_are_enough_for_a_client_that_knows_it_to_be_good():
    assert judged(0, proof="opened")[:2] == ("end", True)
    assert judged(0, proof="opened", listed=False)[:2] == ("end", False)
    assert judged(0, proof="opened", listed=None)[0] == "wait"
    assert judged(0, proof="status")[0] == "wait"
    assert judged(0, proof="opened", finding=Finding())[0] == "wait"


def test_what_is_not_listed_is_not_open_as_soon_as_the_client_has_told():
    assert judged(0, listed=False, proof="", finding=None)[0] == "wait"
    step, verified, why = judged(KNOWLEDGE, listed=False, proof="", finding=None)
    assert (step, verified) == ("end", False)
    assert "it is a folder" in why
    assert "folder" not in judged(0, listed=False, proof="", target=(P1, "a.ipynb"))[2]
    assert judged(0, listed=False, proof="", doubtful=True)[0] != "end"


def test_a_rendering_is_waited_for_and_then_the_list_is_looked_at_again():
    assert judged(4.9)[0] == "wait"
    assert judged(5.0)[0] == "look"
    assert judged(4.9, finding=None)[0] == "wait"
    assert judged(5.0, finding=None)[0] == "look"


def test_a_second_look_is_waited_for_too():
    proving = Proving(5.0)
    proving.add(A, Result(1, "done", listed=True), 100.0)
    assert proving.look(Open(1), 7, 105.0)
    assert judged(5.0 + STATUS - 0.1, proving=proving)[0] == "wait"
    step, verified, why = judged(5.0 + STATUS, proving=proving)
    assert (step, verified) == ("end", None)
    assert "proves nothing" in why


def test_a_kind_that_never_tells_is_not_waited_for():
    assert judged(0, tells=False)[:2] == ("end", None)
    assert judged(0, tells=False, doubtful=True)[0] == "wait"


def test_in_doubt_only_an_opening_saves_an_open_from_being_refused():
    proving = Proving(5.0)
    proving.add(A, Result(1, "done", listed=True), 100.0)
    proving.look(Open(1), 7, 105.0)
    proving.relisted(Result(7, "done", {"open_files": {P1: ["a.md"]}}))
    assert judged(6.0, doubtful=True, proving=proving)[0] == "refuse"
    opened = judged(6.0, doubtful=True, proof="opened", finding=Finding(), proving=proving)
    assert opened[:2] == ("end", None)


def test_what_lies_below_another_file_is_not_waited_for():
    proving = Proving(5.0)
    for command in (Open(1), Open(2, B)):
        proving.front(command)
    assert "It lies below b.md" in judged(0, proving=proving)[2]
    assert judged(0, proving=proving, covers=False)[0] == "wait", "until 2025 it is told as well"
    proving.turn()
    assert judged(0, proving=proving)[0] == "wait"


@pytest.mark.parametrize("front", [Open(0, B), Open(2, A), SimpleNamespace(seq=3, action="status")])
def test_and_these_do_not_lie_on_top(front):
    proving = Proving(5.0)
    proving.front(Open(1))
    proving.front(front)
    assert judged(0, proving=proving)[0] == "wait"


def test_what_was_on_top_before_lies_below():
    proving = Proving(5.0)
    proving.front(Open(0, B))
    assert judged(0, proving=proving)[0] == "wait"


def test_the_list_is_asked_for_once_by_all_who_want_it():
    proving = Proving(5.0)
    for seq in (1, 2, 3):
        proving.add((P1, f"{seq}.md"), Result(seq, "done", listed=True), 0.0)
    assert proving.look(Open(1), 7, 5.0)
    assert not proving.look(Open(2), 8, 5.0)
    assert not proving.relisted(Result(8, "done"))
    assert proving.relisted(Result(7, "sent")), "it is under way"
    assert proving.relisted(Result(7, "ack"))
    assert proving.relisted(Result(7, "done", {"open_files": {P1: ["1.md"]}}))
    assert not proving.relisted(Result(7, "done")), "that was it"
    assert [proving.result(Open(seq)).listed for seq in (1, 2, 3)] == [True, False, True]
    assert proving.look(Open(3), 9, 6.0), "and once more for who comes later"


def test_a_second_look_without_a_list_tells_nothing():
    proving = Proving(5.0)
    proving.add(A, Result(1, "done", listed=True, opened_as="real.md"), 0.0)
    proving.look(Open(1), 7, 5.0)
    proving.relisted(Result(7, "timeout"))
    assert proving.result(Open(1)).listed is True
    proving.look(Open(1), 8, 6.0)
    proving.relisted(Result(8, "done", {"open_files": {P1: ["real.md"]}}))
    assert proving.result(Open(1)).listed is True, "under the name of its target"
    proving.look(Open(1), 9, 7.0)
    proving.relisted(Result(9, "done", {"open_files": {P2: ["a.md"]}}))
    assert proving.result(Open(1)).listed is False
    proving.drop(1)
    proving.drop(1)
    assert proving.seqs() == []
