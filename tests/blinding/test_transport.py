import numpy as np
import pytest

from app.blinding import transport
from app.blinding.transport import Observed
from app.imaging import stimulus

HEADERS = (("Content-Type", "image/png"), ("Cache-Control", "private, no-store, no-transform"))
SYNTHETIC = np.arange(200) % 2 == 0


def fetched(**changes):
    """200 stimuli as a well kept session sends them, with some facts of the synthetic ones changed by (number, usual) → new."""
    rng = np.random.default_rng(1)
    place = rng.permutation(200)
    png = stimulus.encode(np.zeros((64, 64), np.uint8))
    usual = {"length": len(png), "headers": HEADERS, "chunks": transport.chunks(png)}
    seen = []
    for number in range(200):
        facts = {**usual, "position": int(place[number]), "latency_ms": float(rng.gamma(4, 3))}
        if SYNTHETIC[number]:
            facts |= {name: change(number, facts[name]) for name, change in changes.items()}
        seen.append(Observed(**facts))
    return seen


def compared(seen):
    return transport.compare(seen, SYNTHETIC, np.random.default_rng(2))


def test_it_works():
    found = compared(fetched())
    assert not found.blocks
    assert found.differences == ()
    assert not found.latency.beyond_95
    assert not found.order.beyond_95
    assert found.latency.band_95 == pytest.approx(0.079, rel=0.05)
    assert found.latency.band_999 == pytest.approx(0.133, rel=0.07)
    assert found.n == 200


@pytest.mark.parametrize(
    ("what", "change", "said"),
    [
        (
            "length",
            lambda number, usual: usual + (number == 6),
            "The length in bytes differs: 2 kinds; 1 of 100 synthetic and 0 of 100 real",
        ),
        ("headers", lambda _, usual: (*usual, ("ETag", "a")), "The headers differ: "),
        ("headers", lambda _, usual: (usual[0], ("Cache-Control", "private")), "The headers differ: "),
        (
            "chunks",
            lambda _, usual: (*usual[:1], ("tEXt", 9), *usual[1:]),
            "The layout of the PNG file differs",
        ),
    ],
)
def test_exact_differences_block(what, change, said):
    found = compared(fetched(**{what: change}))
    assert found.blocks
    assert len(found.differences) == 1
    assert said.replace("The headers differ: ", "The headers differ") in found.differences[0]


def test_the_date_and_the_case_and_order_of_headers_do_not_count():
    seen = fetched(
        headers=lambda number, usual: (
            ("date", f"{number}"),
            *((name.lower(), value) for name, value in usual[::-1]),
        )
    )
    assert not compared(seen).blocks


def test_slower_synthetic_images_are_told():
    slightly = compared(fetched(latency_ms=lambda _, usual: usual + 3)).latency
    assert slightly.beyond_95
    clearly = compared(fetched(latency_ms=lambda _, usual: usual + 8)).latency
    assert clearly.beyond_95
    assert clearly.beyond_999
    assert clearly.auc > 0.5 + clearly.band_999
    assert clearly.p == pytest.approx(1 / 20_001)


def test_synthetic_images_first_are_told():
    found = compared(fetched(position=lambda _, usual: usual // 2))
    assert found.order.beyond_999
    assert found.order.auc < 0.5
    assert not found.blocks


def test_one_run_in_twenty_is_beyond_the_band_by_chance():
    rng = np.random.default_rng(3)
    orders = transport.ranks.shuffled(SYNTHETIC, rng, 2000)
    drifts = [transport._drift(rng.normal(size=200), SYNTHETIC, orders) for _ in range(300)]
    assert 5 <= sum(drift.beyond_95 for drift in drifts) <= 27
    assert sum(drift.beyond_999 for drift in drifts) <= 3


def test_chunks_of_our_own_files():
    png = stimulus.encode(np.zeros((64, 64), np.uint8))
    kinds = [kind for kind, _ in transport.chunks(png)]
    assert kinds == ["IHDR", "IDAT", "IEND"]
    assert sum(length + 12 for _, length in transport.chunks(png)) + 8 == len(png)
    assert transport.chunks(png + b"more")[-1] == ("after", 4)


@pytest.mark.parametrize("keep", [0, 7, 8, 20, 40, -13, -1])
def test_cut_files_are_refused(keep):
    png = stimulus.encode(np.zeros((64, 64), np.uint8))
    with pytest.raises(ValueError, match="PNG"):
        transport.chunks(png[:keep])


@pytest.mark.parametrize("truth", [np.ones(200, bool), np.zeros(200, bool), SYNTHETIC[:199]])
def test_both_kinds_are_needed(truth):
    with pytest.raises(ValueError, match="both kinds"):
        transport.compare(fetched(), truth, np.random.default_rng(1))
