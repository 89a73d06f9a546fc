"""Folders of training runs: as they are written whole, and as killed, resumed and odd runs leave them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidError
from app.runs import directory, kept, lines, metrics, options, ticks

OPTIONS = {
    "num_gpus": 4,
    "training_set_kwargs": {
        "path": "/home/doe/private/train.zip",
        "max_size": 12_345,
        "xflip": True,
        "resolution": 512,
    },
    "loss_kwargs": {"r1_gamma": 10.0},
    "total_kimg": 25_000,
    "batch_size": 32,
    "ada_target": 0.6,
    "augment_kwargs": {"xflip": 1, "rotate90": 1, "xint": 1, "scale": 1, "brightness": 1},
    "resume_pkl": "https://example.org/models/ffhq-res512-mirror.pkl?download=1",
}


def tick(kimg, g=1.0, d=0.8, p=0.1, seconds=10.0):
    named = {"Loss/G/loss": g, "Loss/D/loss": d, "Progress/kimg": kimg, "Progress/augment": p}
    named["Timing/total_sec"] = seconds
    entry = {name: {"num": 1, "mean": value, "std": 0.0} for name, value in named.items()}
    return json.dumps({**entry, "timestamp": 1.0})


def score(kimg, value, metric="fid50k_full"):
    name = f"network-snapshot-{kimg:06d}.pkl"
    return json.dumps({"results": {metric: value}, "metric": metric, "total_time": 1.0, "snapshot_pkl": name})


@pytest.fixture
def run(tmp_path):
    """A whole run's folder."""
    folder = tmp_path / "00003-brain-auto4"
    folder.mkdir()
    (folder / "training_options.json").write_text(json.dumps(OPTIONS))
    (folder / "stats.jsonl").write_text("".join(tick(4 * n) + "\n" for n in range(51)))
    (folder / "metric-fid50k_full.jsonl").write_text(
        "".join(score(kimg, value) + "\n" for kimg, value in ((0, 300.0), (100, 20.5), (200, 24.0)))
    )
    for kimg in (0, 100, 200):
        (folder / f"network-snapshot-{kimg:06d}.pkl").write_bytes(b"")
    return folder


def test_it_works(run):
    found = directory.read(run)
    assert found.name == "00003-brain-auto4"
    assert found.options == options.Options(
        resolution=512,
        images=12_345,
        mirrored=True,
        batch=32,
        kimg=25_000,
        gamma=10.0,
        augmentation="ADA 0.6, bgc",
        pretraining="ffhq-res512-mirror.pkl",
        gpus=4,
    )
    assert (len(found.ticks), found.ticks[-1].kimg, found.ticks[-1].augment_p) == (51, 200, 0.1)
    assert found.metric == "fid50k_full"
    best = metrics.best(found.scores["fid50k_full"])
    assert (best.kimg, best.value, best.snapshot) == (100, 20.5, "network-snapshot-000100.pkl")
    assert [one.kimg for one in found.snapshots] == [0, 100, 200]
    assert found.missing == ()
    assert "doe" not in repr(found)


def test_a_killed_run_s_half_line_and_a_bare_nan(run):
    stats = run / "stats.jsonl"
    stats.write_text(tick(0) + "\n" + tick(4, g=math.nan) + "\n\n" + tick(8)[:40])
    assert "NaN" in stats.read_text()
    found = directory.read(run).ticks
    assert [one.kimg for one in found] == [0, 4]
    assert math.isnan(found[1].g_loss)
    assert found[1].d_loss == 0.8


def test_a_tick_at_no_place_is_left_out(run):
    (run / "stats.jsonl").write_text("\n".join([tick(0), tick(math.nan), tick(4)]))
    assert [one.kimg for one in directory.read(run).ticks] == [0, 4]


def test_what_a_resumed_run_notes_again_counts(run):
    stats = "".join(tick(kimg, g=1.0) + "\n" for kimg in (0, 4, 8, 12))
    stats += "".join(tick(kimg, g=2.0) + "\n" for kimg in (8, 12, 16))
    (run / "stats.jsonl").write_text(stats)
    found = directory.read(run).ticks
    assert [(one.kimg, one.g_loss) for one in found] == [(0, 1), (4, 1), (8, 2), (12, 2), (16, 2)]


def test_a_tick_is_four_kimg_where_the_run_does_not_say(run):
    entries = [{"Loss/G/loss": {"mean": 1.0}, "Loss/D/loss": 2} for _ in range(3)]
    (run / "stats.jsonl").write_text("\n".join(map(json.dumps, entries)))
    assert [(one.kimg, one.d_loss) for one in directory.read(run).ticks] == [(0, 2), (4, 2), (8, 2)]
    entries = [{"Progress/tick": {"mean": number}} for number in (5, 6)]
    (run / "stats.jsonl").write_text("\n".join(map(json.dumps, entries)))
    assert [one.kimg for one in directory.read(run).ticks] == [20, 24]


def test_measures_that_are_none_are_left_out_and_the_later_of_two_counts(run):
    odd = [
        score(100, 30.0),
        score(100, 25.0),
        score(200, math.nan),
        score(300, math.inf),
        score(400, -1.0),
        json.dumps({"results": {"fid50k_full": "12"}, "snapshot_pkl": "network-snapshot-000500.pkl"}),
        json.dumps({"results": {"fid50k_full": 1.0}, "snapshot_pkl": "elsewhere.pkl"}),
        json.dumps({"results": {"fid50k_full": 1.0}, "snapshot_pkl": None}),
        json.dumps({"results": [], "snapshot_pkl": "network-snapshot-000600.pkl"}),
        json.dumps(
            {"results": {"fid50k_full": 7.5}, "snapshot_pkl": "C:\\runs\\network-snapshot-000700.pkl"}
        ),
        "[1, 2]",
        "no json",
    ]
    (run / "metric-fid50k_full.jsonl").write_text("\n".join(odd))
    found = directory.read(run).scores["fid50k_full"]
    assert [(one.kimg, one.value) for one in found] == [(100, 25.0), (700, 7.5)]


def test_the_best_within_a_budget():
    scores = [
        metrics.Score(kimg, value, "") for kimg, value in ((100, 9.0), (200, 5.0), (300, 5.0), (400, 4.0))
    ]
    assert metrics.best(scores).kimg == 400
    assert metrics.best(scores, 399).kimg == 200
    assert metrics.best(scores, 100).kimg == 100
    assert metrics.best(scores, 99) is None
    assert metrics.improvement(3.7, 10.0) == pytest.approx(0.63)
    assert metrics.improvement(12.0, 10.0) == pytest.approx(-0.2)
    assert metrics.improvement(1.0, 0.0) is None


@pytest.mark.parametrize(
    ("name", "kimg", "fid"),
    [
        ("network-snapshot-000200.pkl", 200, None),
        ("network-snapshot-25000.safetensors", 25_000, None),
        ("stylegan-ADA-25000-5.06.pkl", 25_000, 5.06),
        ("stylegan2-DA-10000-10.43.pkl", 10_000, 10.43),
    ],
)
def test_what_snapshots_names_tell(name, kimg, fid):
    found = metrics.snapshot(name)
    assert (found.kimg, found.fid) == (kimg, fid)


@pytest.mark.parametrize(
    "name",
    [
        "network-snapshot-.pkl",
        "network-final.pkl",
        "fakes000200.png",
        "stylegan-ADA-25000.pkl",
        "a.pkl\n",
        "",
    ],
)
def test_names_that_tell_nothing(name):
    assert metrics.snapshot(name) is None


def test_a_folder_of_published_weights_is_a_run_too(tmp_path):
    for name in ("stylegan-ADA-25000-5.06.pkl", "stylegan-ADA-10000-7.15.pkl"):
        (tmp_path / name).write_bytes(b"")
    found = directory.read(tmp_path)
    assert found.metric == metrics.FROM_NAMES
    assert metrics.best(found.scores[found.metric], 10_000).value == 7.15
    assert [words.partition(":")[0] for words in found.missing] == ["training_options.json", "stats.jsonl"]


def test_what_is_missing_is_told(run):
    for name in ("training_options.json", "metric-fid50k_full.jsonl"):
        (run / name).unlink()
    found = directory.read(run)
    assert [words.partition(":")[0] for words in found.missing] == ["training_options.json", "metric-*.jsonl"]
    assert found.metric == ""
    assert found.options == options.Options()


def test_folders_that_are_no_run_s(tmp_path, run):
    with pytest.raises(InvalidError, match="is no folder of a training run"):
        directory.read(tmp_path)
    with pytest.raises(InvalidError, match="There is no folder"):
        directory.read(tmp_path / "nowhere")
    for text, words in (("{", "is no JSON"), ("[]", "holds no options"), ("[" * 100_000, "is no JSON")):
        (run / "training_options.json").write_text(text)
        with pytest.raises(InvalidError, match=words):
            directory.read(run)


def test_folders_and_files_beyond_all_measure(run, monkeypatch):
    monkeypatch.setattr(lines, "LARGEST", 10)
    with pytest.raises(InvalidError, match="larger than any run writes"):
        directory.read(run)
    monkeypatch.setattr(directory, "MOST_FILES", 3)
    with pytest.raises(InvalidError, match="more files than any run"):
        directory.read(run)


def test_a_line_that_is_too_long_and_links_are_left_out(run, tmp_path, monkeypatch):
    (tmp_path / "secret").write_text(tick(0))
    (run / "stats.jsonl").unlink()
    (run / "stats.jsonl").symlink_to(tmp_path / "secret")
    assert not directory.read(run).ticks
    monkeypatch.setattr(lines, "LONGEST", 20)
    assert list(lines.objects('{"a": 1}\n' + tick(0))) == [{"a": 1}]


def test_a_long_line_is_passed_over_a_piece_at_a_time(run, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 400)
    long = '{"Progress/kimg": 8, "x": "' + "a" * 5000 + '"}'
    (run / "stats.jsonl").write_text("\n".join([tick(0), tick(4), long, tick(12), "b" * 401]))
    assert [one.kimg for one in directory.read(run).ticks] == [0, 4, 12]


@pytest.mark.parametrize(
    ("module", "name", "sentence"),
    [
        (ticks, "MOST", "more than 20 ticks"),
        (metrics, "MOST", "more than 2 measures"),
        (directory, "MOST_METRICS", "more than 0 metrics"),
        (directory, "MOST_FILES", "more files than any run's folder"),
    ],
)
def test_more_than_any_run_writes_is_refused(run, monkeypatch, module, name, sentence):
    most = {"ticks": 20, "measures": 2, "metrics": 0, "files": 3}
    monkeypatch.setattr(module, name, next(n for word, n in most.items() if word in sentence))
    with pytest.raises(InvalidError, match=sentence):
        directory.read(run)


def test_a_run_is_kept_as_json_and_comes_back(run):
    (run / "stats.jsonl").write_text(tick(0) + "\n" + tick(4, g=math.nan, p=math.inf))
    found = directory.read(run)
    data = kept.write(found)
    assert b"NaN" not in data
    again = kept.read(data)
    assert kept.write(again) == data
    assert (again.options, again.scores, list(again.snapshots)) == (
        found.options,
        found.scores,
        found.snapshots,
    )
    assert math.isnan(again.ticks[1].g_loss)


@pytest.mark.parametrize(
    ("name", "whether"),
    [
        ("stats.jsonl", True),
        ("metric-fid50k_full.jsonl", True),
        ("network-snapshot-000200.pkl", True),
        ("fakes000200.png", False),
        ("../stats.jsonl", False),
        ("metric-../../etc.jsonl", False),
        ("stats.jsonl\n", False),
    ],
)
def test_which_files_belong_to_a_run(name, whether):
    assert directory.belongs(name) is whether


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ada_target": None, "augment_p": 0.2}, "fixed 0.2, bgc"),
        ({"ada_target": None}, "none"),
        ({"ada_target": math.nan}, "none"),
        ({"ada_target": math.inf, "augment_p": 0.2}, "fixed 0.2, bgc"),
        ({"augment_kwargs": {}}, "ADA 0.6"),
        ({"augment_kwargs": {"xint": 1, "imgfilter": 1, "noise": 1, "cutout": 1}}, "ADA 0.6, bfnc"),
        ({"ada_target": None, "augment_kwargs": None, "training_set_kwargs": 3}, "none"),
    ],
)
def test_augmentation_in_the_field_s_words(changes, said):
    assert options.read(json.dumps({**OPTIONS, **changes})).augmentation == said


def test_options_that_say_nothing_or_nonsense():
    assert options.read("{}") == options.Options()
    odd = {
        "training_set_kwargs": {"resolution": -4, "max_size": True, "xflip": "yes"},
        "batch_size": 2**40,
        "total_kimg": 10**400,
        "resume_pkl": "a\x00b",
        "num_gpus": "4",
        "loss_kwargs": [],
    }
    assert options.read(json.dumps(odd)) == options.Options(augmentation="none")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
)
names = st.sampled_from(
    [
        "results",
        "snapshot_pkl",
        "fid50k_full",
        "Progress/kimg",
        "Loss/G/loss",
        "mean",
        "training_set_kwargs",
        "x",
    ]
)


@given(st.lists(st.dictionaries(names, json_values, max_size=4), max_size=5), st.text(max_size=30))
def test_no_text_breaks_the_reading(entries, tail):
    text = "\n".join(json.dumps(entry) for entry in entries) + "\n" + tail
    course = ticks.read(text)
    places = [one.kimg for one in course]
    assert places == sorted(set(places))
    assert all(math.isfinite(one.value) for one in metrics.read(text, "fid50k_full"))
    for entry in entries:
        assert options.read(json.dumps(entry)).augmentation in {"", "none"}
