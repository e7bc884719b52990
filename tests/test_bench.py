"""The arithmetic and the picture of the benches; what they measure is no test's business."""

from __future__ import annotations

import json
import statistics
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.bench import __main__ as command
from tests.bench import bundle, calls, chart, figures, svg, timing


def test_spread_has_deciles_only_where_there_are_enough_samples() -> None:
    assert figures.spread([3, 1, 2]) == {"median": 2, "min": 1, "max": 3, "n": 3}
    many = figures.spread(range(101))
    assert many == {"median": 50, "min": 0, "max": 100, "p10": 10, "p90": 90, "n": 101}


def test_a_ratio_is_of_medians_and_lies_in_its_interval() -> None:
    base = [10.0 + n % 7 for n in range(100)]
    ours = [1.1 * it + n % 3 for n, it in enumerate(base)]
    value, (low, high) = figures.ratio(ours, base, more=2.0)
    wanted = statistics.median(ours) / (statistics.median(base) + 2.0)
    assert value == pytest.approx(wanted, abs=0.001)
    assert 0.9 * value < low <= value <= high < 1.1 * value
    assert figures.ratio(ours, base, more=2.0) == (value, [low, high])


def test_without_spread_the_interval_is_the_ratio() -> None:
    assert figures.ratio([3.0] * 20, [2.0] * 20) == (1.5, [1.5, 1.5])


def test_samples_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        figures.ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("value", "ok"), [(0.9, True), (1.0, True), (1.1, False)])
def test_a_bar_counts_as_met_up_to_itself(value: float, ok: bool) -> None:
    assert figures.at_most(value, 1.0) == {"value": value, "at_most": 1.0, "ok": ok}
    assert figures.at_least(-value, -1.0)["ok"] is ok


def test_missed_bars_and_failed_benches_are_named() -> None:
    found = {
        "copy": {"slow": figures.at_most(2, 1), "fast": figures.at_most(1, 1), "ok": False},
        "exec": {"error": "no server"},
        "import": {"median": 3},
    }
    assert figures.missed(found) == ["copy.slow", "exec"]
    assert figures.bars(found) == 2


def test_the_json_keeps_lists_of_numbers_on_a_line_and_its_meaning() -> None:
    told = {"a": [1, 2.5], "b": [], "c": [{"d": [3]}], "e": "[\n 1\n]", "f": ["x y", "z"]}
    text = command.written(told)
    assert json.loads(text) == told
    assert '"a": [1, 2.5]' in text


def test_the_bundle_names_what_is_not_the_projects_own() -> None:
    told = {"bytes": {"widget": 16_001, "engine": 2_200, "bridge": 2_000}}
    told["inputs"] = ["js/widget.ts", "node_modules/three/index.js", "https://cdn.test/x.js"]
    found = bundle.figures(told)
    assert figures.missed(found) == ["widget_minified_bytes", "runtime_dependencies"]
    assert found["runtime_dependencies"]["names"] == [told["inputs"][2], told["inputs"][1]]
    assert found["modules"] == ["js/widget.ts"]


def test_turns_alternate_who_goes_first() -> None:
    said: list[str] = []
    found = calls.turns({name: lambda name=name: said.append(name) for name in "ab"}, 4)
    assert "".join(said) == "ab" + "ba" + "ab" + "ba" + "ab"  # the first pair warms up
    assert {name: len(times) for name, times in found.items()} == {"a": 4, "b": 4}


def test_the_ideal_counts_whole_waves() -> None:
    told = SimpleNamespace(concurrency=16, latency=0.05)
    assert [timing.ideal(told, it) for it in (1, 16, 17, 500)] == [0.05, 0.05, 0.1, 1.6]


def test_scales_and_ticks() -> None:
    assert [svg.linear(0, 10, 100, 200)(it) for it in (0, 5, 10)] == [100, 150, 200]
    assert svg.logarithmic(1, 100, 0, 2)(10) == pytest.approx(1)
    assert svg.ticks(57.3) == [0, 10, 20, 30, 40, 50, 60]
    assert svg.ticks(0.2) == [0, 0.05, 0.1, 0.15, 0.2]
    assert svg.duration(0.05) == "50 ms"
    assert [svg.duration(it) for it in (0.35, 3.97, 26.4, 90)] == [
        "0.35 s", "4.0 s", "26 s", "1.5 min",
    ]  # fmt: skip


def test_a_density_has_the_area_one_and_its_top_where_the_samples_are() -> None:
    places = [n / 10 for n in range(1001)]
    curve = svg.density([40.0, 50.0, 50.0], places, 1.0)
    assert sum(curve) / 10 == pytest.approx(1, abs=0.01)
    assert places[curve.index(max(curve))] == 50


def _results() -> dict[str, object]:
    sizes = [
        {
            "targets": count,
            "ideal_s": 0.05 * -(-count // 16),
            "client_s": figures.spread([0.004 * count, 0.005 * count, 0.006 * count], 3),
            "loop_s": 0.06 * count,
            "loop_is": "measured" if count <= 500 else "extrapolated",
            "times_faster": 12.0,
        }
        for count in (10, 100, 500, 1000)
    ]
    status, echo = [50.0 + n % 9 for n in range(100)], [45.0 + n % 9 for n in range(100)]
    way = {
        "ratio": figures.at_most(1.1, 1.15, interval=[1.05, 1.14]),
        "status_ms": {**figures.spread(status), "sorted": sorted(status)},
        "bare_echo_ms": {**figures.spread(echo), "sorted": sorted(echo)},
    }
    kernel = {"ipykernel": "7.4.0", "raw_postmessage_ms": {"median": 0.5}}
    about = {
        "when": "2026-01-02T03:04:05Z",
        "cores": 2,
        "cpu": "<fast & cheap>",
        "load_at_start": 0.1,
        "python": "3.11.7",
        "chromium": None,
        "packages": {"jupyterlab": "4.6"},
    }
    return {
        "machine": about,
        "copy": {"targets": 500, "latency_s": 0.05, "concurrency": 16,
                 "beside_cocalc_api": {"sizes": sizes}},
        "roundtrip": {"calls": 100, "ipykernel 7.4": {**kernel, "await": way, "result": way}},
    }  # fmt: skip


def test_the_chart_is_one_picture_that_stays_inside_its_card(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_text(json.dumps(_results()))
    picture = tmp_path / "bench.svg"
    assert chart.main([str(results), "--out", str(picture)]) == 0
    root = ET.fromstring(picture.read_text("utf-8"))
    shapes = [it for it in root.iter() if it.get("cx") or it.get("x")]
    assert len(shapes) > 30
    for it in shapes:
        assert 0 <= float(it.get("cx") or it.get("x")) <= chart.WIDTH
        assert 0 <= float(it.get("cy") or it.get("y")) <= chart.HEIGHT
    texts = [it.text for it in root.iter("{http://www.w3.org/2000/svg}text")]
    for wanted in ("loop over cocalc-api", "Client.copy", "the ideal", "dashed: extrapolated",
                   "1,000", "milliseconds", "1.10"):  # fmt: skip
        assert wanted in texts
    assert not [it for it in root.iter() if "script" in it.tag or "href" in str(it.attrib)]


def test_the_same_figures_give_the_same_picture() -> None:
    assert chart.drawn(_results()) == chart.drawn(_results())


def test_a_chart_of_half_a_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    results = tmp_path / "results.json"
    results.write_text(json.dumps({**_results(), "copy": {"error": "no server"}}))
    assert chart.main([str(results), "--out", str(tmp_path / "bench.svg")]) == 1
    assert "copy" in capsys.readouterr().err
    assert not (tmp_path / "bench.svg").exists()


def test_strict_turns_a_missed_bar_into_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(command, "machine", dict)
    monkeypatch.setattr(bundle, "measure", lambda _: {"size": figures.at_most(2, 1)})
    out = tmp_path / "deep" / "bench.json"
    assert command.main(["bundle", "--out", str(out)]) == 0
    assert command.main(["bundle", "--strict"]) == 1
    told = json.loads(out.read_text())
    assert (told["ok"], told["bars"], told["missed"]) == (False, 1, ["bundle.size"])
    assert capsys.readouterr().out.startswith(out.read_text())


def test_an_unknown_bench_is_told_which_there_are(capsys: pytest.CaptureFixture) -> None:
    assert command.main(["speed"]) == 2
    assert "import|bundle|exec|copy|roundtrip|shown|gather|all|chart" in capsys.readouterr().err
