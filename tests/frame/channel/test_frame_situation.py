"""What is wrong with a frame, and what follows from that as time passes: rules without a page."""

import pytest
from framepage import P1, P2
from opens import GONE, MINE, A, B, Open, judged, line

from cocalc_widget.frame.channel.health import LOST, LOST_LATER, UNSURE, Health
from cocalc_widget.frame.channel.proving import Proving
from cocalc_widget.frame.channel.situation import AGAIN, DOUBTFUL, FIRST_WORD, Situation, Step
from cocalc_widget.frame.channel.steering import Steering
from cocalc_widget.frame.messages.inbox import Result, State
from cocalc_widget.frame.messages.outbox import deadlines

# what is wrong with a frame

WORDS = {
    name: name.upper()
    for name in ("away", "signed_out", "no_access", "refused", "hidden", "offscreen", "unseen",
                 "stopped", "silent", "lost")
}  # fmt: skip


def cause(health, *, told=True, ready=True, project_id=None):
    return health.cause(WORDS, told=told, ready=ready, project_id=project_id)


@pytest.mark.parametrize(
    ("wrong", "mood", "words"),
    [
        ({}, "good", ""),
        ({"away": "no answer"}, "bad", "AWAY: no answer."),
        ({"note": "Starting …"}, "wait", "Starting …"),
        ({"signed_out": True}, "warn", "SIGNED_OUT"),
        ({"doubts": {P1}}, "warn", "NO_ACCESS"),
        ({"refused": True}, "warn", "REFUSED"),
        ({"hidden": True}, "wait", "HIDDEN"),
        ({"unseen": True}, "warn", "UNSEEN"),
        ({"offscreen": True}, "good", ""),
    ],
)
def test_each_trouble_has_its_words(wrong, mood, words):
    assert cause(Health(**wrong)) == (mood, words)


def test_the_worst_trouble_is_said_first():
    everything = Health("gone", "note", True, {P1}, True, True, True, True)
    said = []
    for name, none in (
        ("away", ""), ("note", ""), ("signed_out", False), ("doubts", set()), ("refused", False),
        ("hidden", False), ("offscreen", False), ("unseen", False),
    ):  # fmt: skip
        said.append(cause(everything, ready=False)[1])
        setattr(everything, name, none)
    assert said == [
        "AWAY: gone.", "note", "SIGNED_OUT", "NO_ACCESS", "REFUSED", "HIDDEN", "OFFSCREEN",
        "UNSEEN",
    ]  # fmt: skip
    assert cause(everything) == ("good", "")


def test_a_doubt_is_about_one_project_and_means_signed_out_where_nothing_was_ever_told():
    health = Health(doubts={P1})
    assert cause(health, told=False)[1] == "SIGNED_OUT"
    assert cause(health, project_id=P1)[1] == "NO_ACCESS"
    assert cause(health, project_id=P2)[1] == ""
    health.see(P2)
    assert cause(health)[1] == "NO_ACCESS"
    health.see(P1)
    assert cause(health)[1] == ""


def test_whatever_cocalc_tells_ends_these_troubles():
    health = Health("gone", "note", True, {P1}, True, True, True, True)
    health.see(P1)
    assert (health.away, health.signed_out, health.refused, health.unseen) == (
        "", False, False, False,
    )  # fmt: skip
    assert (health.note, health.hidden, health.offscreen) == ("note", True, True)


def test_a_new_document_is_in_no_trouble_of_the_old_one():
    health = Health("gone", "note", True, {P1}, True, True, True, True, 5.0, reached=6.0)
    health.turn()
    assert (health.signed_out, health.lost, health.unseen, health.doubts) == (
        False, None, False, set(),
    )  # fmt: skip
    assert (health.away, health.refused, health.reached) == ("gone", True, 6.0)


def test_a_lasting_loss_of_cocalcs_own_connection_means_that_nobody_is_signed_in():
    health = Health()
    assert not health.leaves(100.0, told=False)
    health.connect("disconnected", 10.0)
    health.connect("disconnected", 12.0)
    assert health.lost == 10.0, "since it began"
    assert not health.leaves(10.0 + UNSURE - 0.1, told=False), "the server may be gone"
    assert health.leaves(10.0 + UNSURE, told=False), "nobody knows, and it lasts"
    health.reached = 10.0
    assert not health.leaves(10.0 + UNSURE - 0.1, told=False), "that was before"
    health.reached = 11.0
    assert not health.leaves(10.0 + LOST - 0.1, told=False)
    assert health.leaves(10.0 + LOST, told=False)
    assert not health.leaves(10.0 + LOST_LATER - 0.1, told=True), "who was in may come back"
    assert health.leaves(10.0 + LOST_LATER, told=True)
    health.away = "gone"
    assert not health.leaves(100.0, told=False)
    health.connect("connecting", 50.0)
    assert health.lost == 10.0
    health.signed_out = True
    assert not health.leaves(100.0, told=False), "that is known"
    health.signed_out, health.away, health.stays = False, "", True
    assert not health.leaves(100.0, told=False), "until 2025 it means something else"
    assert health.cause(WORDS, told=False, ready=False) == ("bad", "LOST")
    health.signed_out, health.away = True, "gone"
    health.connect("connected", 60.0)
    assert (health.lost, health.signed_out, health.away) == (None, False, "")


# what follows from that, as time passes


def standing(channel="messages", **changes):
    limits = deadlines()
    here = Situation(Steering(limits), Proving(limits["render"]), limits)
    here.channel = channel
    here.take(State("messages", **{"ready": True, "connection": MINE, **changes}), 0.0, idle=True)
    return here


def test_a_listener_that_falls_silent_is_loaded_again_and_then_done_without():
    here = standing()
    assert here.mind(100.0) == []
    here.silent = 100.0
    assert here.watched([])
    assert here.mind(100.0) == [Step.ASK], "is CoCalc there at all?"
    assert here.mind(100.0 + AGAIN) == [Step.ASK]
    assert here.mind(100.1 + AGAIN) == [Step.RELOAD], "a kernel may have no way to it"
    here.health.reached = 100.0
    assert here.mind(100.5) == [Step.ASK], "it answered before it fell silent"
    here.health.reached = 100.1
    assert here.mind(100.5) == [Step.RELOAD]
    here.revived = True
    limit = here.limits["silent"] - FIRST_WORD
    assert here.mind(100.0 + limit - 0.1) == [Step.ASK]
    assert here.mind(100.0 + limit) == [Step.DEGRADE]
    here.take(State("messages", ready=True), 200.0, idle=True)
    assert (here.silent, here.revived) == (None, False)


def test_one_that_never_was_there_is_not_loaded_again():
    here = standing(ready=False)
    here.state = State("booting")
    here.silent, here.health.reached = 100.0, 100.1
    assert here.mind(101.0) == [Step.ASK]
    assert here.mind(104.0) == [Step.DEGRADE]


def test_silence_is_nothing_where_nobody_talks():
    for channel in ("navigation", "tab", "blocked"):
        here = standing(channel, ready=False)
        here.silent = 100.0
        assert Step.RELOAD not in here.mind(200.0)
        assert Step.DEGRADE not in here.mind(200.0)


def test_a_server_that_is_away_is_asked_for_again_and_again_but_not_all_the_time():
    here = standing()
    here.health.away, here.silent, here.asked = "gone", 0.0, 100.0
    assert here.mind(100.0 + AGAIN - 0.1) == []
    assert here.mind(100.0 + AGAIN) == [Step.ASK]


def test_a_server_that_is_back_is_loaded_again():
    here = standing(ready=False)
    assert here.answered("", 1.0) is None
    assert here.health.reached == 1.0
    assert here.answered("gone", 2.0) is None
    assert (here.health.away, here.health.reached) == ("gone", 1.0)
    assert here.answered("gone still", 3.0) is None
    assert here.answered("", 4.0) is Step.RELOAD
    assert here.health.away == ""
    ready = standing()
    ready.health.away = "gone"
    assert ready.answered("", 4.0) is None, "it has never left"
    tab = standing("tab", ready=False)
    tab.health.away = "gone"
    assert tab.answered("", 4.0) is None, "a tab is the user's"


def test_signed_out_is_found_out_by_asking():
    here = standing()
    here.take(State("messages", connection=GONE, open_files={P1: ["a.md"]}), 10.0, idle=True)
    assert here.files == {P1: ["a.md"]}
    assert here.mind(11.0) == [Step.ASK]
    assert here.watched([])
    here.health.reached = 12.0
    assert here.mind(10.0 + LOST) == [Step.SIGNED_OUT]
    here.health.signed_out = True
    assert here.mind(100.0) == []
    assert not here.watched([])
    assert here.signed_in is False
    assert not here.ready
    assert here.files == {}


def test_whether_somebody_is_signed_in_is_not_known_before_something_is_told():
    here = standing()
    assert here.signed_in is None
    here.evidence.hear(line())
    assert here.signed_in is True


def test_what_is_open_has_nothing_of_a_project_in_doubt():
    here = standing(open_files={P1: ["a.md"], P2: ["b.md"]})
    assert here.files == {P1: ["a.md"], P2: ["b.md"]}
    here.health.doubts.add(P1)
    assert here.files == {P2: ["b.md"]}


def test_a_list_of_an_idle_moment_is_the_whole_truth():
    here = standing()
    here.evidence.hear(line(generation=0))
    busy = State("messages", ready=True, open_files={})
    here.take(busy, 1.0, idle=False)
    assert here.evidence.has(A)
    here.take(State("messages", ready=False), 1.0, idle=True)
    assert here.evidence.has(A)
    here.take(busy, 1.0, idle=True)
    assert not here.evidence.has(A)


def test_a_new_document_in_the_frame_turns_everything():
    here = standing()
    here.health.doubts.add(P1)
    here.proving.front(Open(1, B))
    here.evidence.hear(line(generation=0))
    here.take(State("messages", generation=1), 1.0, idle=False)
    assert not here.health.doubts
    assert not here.evidence.has(A)
    assert judged(0, seq=0, proving=here.proving)[0] == "wait"


def test_a_load_is_told_once():
    here = standing(loads=0)
    assert here.take(State("navigation", loads=1), 1.0, idle=True) is True
    assert here.take(State("navigation", loads=2), 1.0, idle=True) is False
    assert here.take(State("navigation", loads=0), 1.0, idle=True) is False


def test_a_listener_that_was_only_slow_is_taken_up_if_nothing_was_steered_yet():
    here = standing("navigation", ready=False)
    here.reason = "silent"
    here.take(State("messages", ready=True), 1.0, idle=True)
    assert (here.channel, here.reason) == ("messages", "")
    steered = standing("navigation", ready=False)
    steered.steering.send(A, 0.0)
    steered.take(State("messages", ready=True), 1.0, idle=True)
    assert steered.channel == "navigation"


def test_a_steered_frame_is_ready_when_its_file_is_told_to_be_open():
    here = standing("navigation")
    here.channel = "navigation"
    here.steering.send(A, 0.0)
    assert not here.ready
    here.evidence.hear(line(generation=0))
    assert here.ready
    assert here.files == {P1: ["a.md"]}
    here.steering.send(None, 0.0)
    assert not here.ready
    here.steering.load()
    assert here.ready, "the page without a file has nothing to tell"


def test_a_tab_is_ready_when_it_is_there_and_lists_what_the_log_has():
    here = standing("tab")
    here.steering.send(A, 0.0)
    assert not here.ready
    here.steering.visit()
    assert here.ready
    assert here.files == {}
    here.steering.proved = True
    assert here.files == {P1: ["a.md"]}


def test_the_traits_say_booting_until_the_page_talks_to_cocalc():
    here = standing()
    here.state = State("booting")
    assert here.traits(WORDS)["channel"] == "booting"
    here.state = State("messages", ready=True, connection=MINE)
    traits = here.traits(WORDS)
    assert (traits["channel"], traits["ready"], traits["reason"]) == ("messages", True, "")
    assert traits["connection"] == MINE
    here.health.away = "gone"
    assert here.traits(WORDS)["ready"] is False
    here.channel, here.reason, here.health.away = "navigation", "the verdict", ""
    assert here.traits(WORDS)["reason"] == "the verdict"
    here.state = State("booting")
    assert here.traits(WORDS)["channel"] == "navigation"


def test_the_status_line_says_what_matters_most():
    here = standing()
    assert here.line(WORDS, [], 0.0) == ("good", "")
    waiting = [Open(1, acked=10.0), Open(2, acked=12.0), Open(3)]
    assert here.line(WORDS, waiting, 12.9) == ("good", "")
    assert here.line(WORDS, waiting, 13.0) == ("wait", "Opening … STOPPED")
    here.health.refused = True
    assert here.line(WORDS, waiting, 13.0) == ("warn", "REFUSED")
    other = standing("navigation", ready=False)
    other.reason = "the verdict"
    assert other.line(WORDS, waiting, 13.0) == ("warn", "the verdict")
    limits = deadlines()
    before = Situation(Steering(limits), Proving(limits["render"]), limits)
    assert before.line(WORDS, [], 0.0) == ("good", ""), "there is no verdict yet"


def test_what_is_in_doubt_is_looked_after():
    here = standing()
    assert not here.watched([])
    assert not here.watched([Open(1)]), "it has a deadline of its own"
    assert here.watched([Open(1), Open(2, acked=1.0)])
    here.proving.add(A, Result(1, "done"), 0.0)
    assert here.watched([])
    gone = standing()
    gone.health.away = "gone"
    assert gone.watched([])


def test_a_frame_that_was_sent_somewhere_is_looked_after_until_it_shows_it():
    here = standing("navigation", ready=False)
    here.steering.send(A, 100.0)
    assert here.watched([])
    late = 100.0 + here.limits["evidence"]
    assert here.mind(100.1) == []
    assert here.mind(late - 0.1) == [Step.ASK], "is CoCalc there?"
    assert not here.health.unseen
    here.mind(late)
    assert here.health.unseen
    assert not here.watched([]), "it is given up"
    here.evidence.hear(line(generation=0))
    here.health.see(P1)
    assert here.mind(late + 100.0) == []


@pytest.mark.parametrize(
    ("name", "value"), [("away", "x"), ("note", "x"), ("offscreen", True), ("hidden", True)]
)
def test_what_keeps_the_evidence_away_gives_it_more_time(name, value):
    here = standing("navigation", ready=False)
    here.steering.send(A, 0.0)
    setattr(here.health, name, value)
    here.mind(100.0)
    setattr(here.health, name, type(value)())
    here.mind(100.0 + here.limits["evidence"] - 0.1)
    assert not here.health.unseen
    here.mind(100.0 + here.limits["evidence"])
    assert here.health.unseen


def test_an_acked_open_of_a_project_in_doubt_is_not_waited_for_until_its_deadline():
    here = standing()
    command = Open(1, acked=100.0)
    assert not here.late(command, 200.0)
    here.health.doubts.add(P1)
    assert not here.late(command, 100.0 + DOUBTFUL - 0.1)
    assert here.late(command, 100.0 + DOUBTFUL)
    assert not here.late(Open(2), 200.0), "it was not acked"
    assert not here.late(Open(2, (P2, "a.md"), acked=100.0), 200.0)
    here.proving.add(A, Result(1, "done"), 150.0)
    assert not here.late(command, 200.0), "it is done, and judged by its proof"
