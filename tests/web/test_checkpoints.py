"""Registering checkpoints and sampling from them."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from tests.web.conftest import ADMIN, OTHER, OWNER, SIZE, ident, register, sample, text


def test_it_works(site, generator_files):
    owner = site.browser(OWNER)
    assert owner.get("/checkpoints/new").status_code == 200
    answer = register(owner, generator_files["plain"], "My generator")
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert "Waiting for the worker" in owner.get(address).text
    site.work()
    page = text(owner.get(address))
    assert "16 × 16 px" in page
    assert "SHA-256 of the file" in page
    grid = Image.open(io.BytesIO(owner.get(f"{address}/pictures/grid.png").content))
    assert grid.size == (4 * SIZE, 4 * SIZE)
    assert len(np.unique(np.asarray(grid))) > 10


def test_samples_are_the_seeds_that_were_asked_for(furnished, owner, known):
    address = sample(owner, known.checkpoint, name="Twelve", seeds="3, 7, 20-29").headers["location"]
    furnished.work()
    page = text(owner.get(address))
    assert "12, 16 × 16 grey" in page
    assert "seeds 3, 7, 20-29, ψ 1, noise const" in page
    assert f'href="{known.checkpoint}"' in page
    assert address in owner.get(known.checkpoint).text


def test_the_same_seed_gives_the_same_image_again(furnished, owner, known):
    first, second = (
        sample(owner, known.checkpoint, seeds=seeds).headers["location"] for seeds in ("5", "4-6")
    )
    furnished.work()
    one, three = (
        [owner.get(image).content for image in images(owner, address)] for address in (first, second)
    )
    assert len(one) == 1
    assert one[0] == three[1]
    assert len({*three}) == 3


def test_truncation_changes_the_image(furnished, owner, known):
    full, half = (
        sample(owner, known.checkpoint, seeds="5", psi=psi).headers["location"] for psi in ("1", "0,5")
    )
    furnished.work()
    assert owner.get(images(owner, full)[0]).content != owner.get(images(owner, half)[0]).content
    assert "ψ 0.5" in text(owner.get(half))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"psi": "a lot"}, "truncation psi is a number"),
        ({"psi": "inf"}, "truncation psi is a number"),
        ({"psi": "3"}, "truncation psi is a number"),
        ({"seeds": ""}, "Seeds are whole numbers"),
        ({"seeds": "five"}, "Seeds are whole numbers"),
        ({"seeds": "9-3"}, "is empty"),
        ({"seeds": "0-999999999"}, "At most 100000 images"),
        ({"seeds": "-1"}, "Seeds are whole numbers"),
        ({"noise_mode": "loud"}, "noise mode is const, none or random"),
        ({"class_index": "1"}, "has no classes"),
        ({"name": ""}, "Give a name"),
    ],
)
def test_a_form_that_cannot_be_used_gets_a_sentence(owner, known, asked, sentence):
    before = owner.get("/image-sets").text
    answer = sample(owner, known.checkpoint, **asked)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert owner.get("/image-sets").text == before


def test_a_conditional_generator_needs_a_class(site, generator_files):
    owner = site.browser(OWNER)
    address = register(owner, generator_files["classes"], "Three classes").headers["location"]
    site.work()
    assert 'placeholder="0 to 2"' in owner.get(address).text
    for wrong in ("", "3", "first"):
        answer = sample(owner, address, class_index=wrong)
        assert answer.status_code == 422
        assert "needs a class from 0 to 2" in text(answer)
    sets = [sample(owner, address, seeds="1", class_index=c).headers["location"] for c in "02"]
    site.work()
    assert "class 2" in text(owner.get(sets[1]))
    assert len({owner.get(images(owner, s)[0]).content for s in sets}) == 2


class Hostile:
    def __init__(self, tripwire):
        self.tripwire = tripwire

    def __reduce__(self):
        return (open, (str(self.tripwire), "w"))


def test_a_hostile_pickle_is_refused_and_never_run(site, tmp_path):
    tripwire, file = tmp_path / "tripped", tmp_path / "network.pkl"
    file.write_bytes(pickle.dumps({"G_ema": Hostile(tripwire)}))
    owner = site.browser(OWNER)
    address = register(owner, file, "Hostile").headers["location"]
    site.work()
    page = text(owner.get(address))
    assert 'role="alert"' in page
    assert "Start sampling" not in page
    assert not tripwire.exists()
    assert list(site.settings.staging_dir.iterdir()) == []
    assert ">failed<" in owner.get("/checkpoints").text


def test_a_text_file_is_no_checkpoint(site, tmp_path):
    file = tmp_path / "network.pkl"
    file.write_text("hello")
    owner = site.browser(OWNER)
    address = register(owner, file, "Text").headers["location"]
    site.work()
    assert 'role="alert"' in owner.get(address).text
    answer = sample(owner, address)
    assert answer.status_code == 409
    assert owner.get(f"{address}/pictures/grid.png").status_code == 404


def test_one_file_is_taken_at_a_time(site, generator_files):
    owner = site.browser(OWNER)
    data = generator_files["plain"].read_bytes()
    two = owner.post(
        "/checkpoints", data={"name": "n"}, files=[("file", ("a.pkl", data)), ("file", ("b.pkl", data))]
    )
    none = owner.post("/checkpoints", data={"name": "n"}, files=[("file", ("", b""))])
    for answer in (two, none):
        assert answer.status_code == 422
        assert "Choose one checkpoint file" in text(answer)
    assert list(site.settings.staging_dir.iterdir()) == []


def test_sampling_waits_until_the_checkpoint_has_been_read(site, generator_files):
    owner = site.browser(OWNER)
    address = register(owner, generator_files["plain"], "n").headers["location"]
    answer = sample(owner, address)
    assert answer.status_code == 409
    assert "wait for its import" in text(answer)


def test_a_script_gets_the_address_as_json(site, generator_files):
    owner = site.browser(OWNER)
    files = {"file": ("g.safetensors", generator_files["plain"].read_bytes())}
    answer = owner.post(
        "/checkpoints", data={"name": "n"}, files=files, headers={"Accept": "application/json"}
    )
    assert answer.json()["address"].startswith("/checkpoints/")


def test_the_page_shows_what_the_generator_draws(furnished, owner, known):
    page = text(owner.get(known.checkpoint))
    for kind in ("grid", "truncation", "interpolation"):
        assert f"{known.checkpoint}/pictures/{kind}.png" in page
        answer = owner.get(f"{known.checkpoint}/pictures/{kind}.png")
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).size[0] >= 4 * SIZE
    assert owner.get(f"{known.checkpoint}/pictures/portrait.png").status_code == 404


def test_checkpoints_of_one_run_share_an_experiment(furnished, owner, known):
    answer = owner.post(f"{known.checkpoint}/experiment", data={"experiment": "  Pretrained,  ADA "})
    assert answer.status_code == 303
    assert 'value="Pretrained, ADA"' in text(owner.get(known.checkpoint))
    assert "Pretrained, ADA" in text(owner.get("/checkpoints"))
    assert '<option value="Pretrained, ADA">' in text(owner.get("/checkpoints/new"))
    for _ in range(2):
        owner.post(f"{known.checkpoint}/experiment", data={"experiment": "Pretrained, ADA"})
    assert text(owner.get("/checkpoints/new")).count("Pretrained, ADA") == 1
    owner.post(f"{known.checkpoint}/experiment", data={"experiment": ""})
    assert "Pretrained, ADA" not in text(owner.get("/checkpoints"))
    too_long = owner.post(f"{known.checkpoint}/experiment", data={"experiment": "x" * 121})
    assert too_long.status_code == 422
    assert "has 121 characters; the longest has 120" in text(too_long)


def test_an_upload_can_name_its_experiment(site, generator_files):
    owner = site.browser(OWNER)
    files = {"file": ("g.safetensors", generator_files["plain"].read_bytes())}
    owner.post("/checkpoints", data={"name": "n", "experiment": "Run 7"}, files=files)
    assert "Run 7" in owner.get("/checkpoints").text


def test_nearest_real_images_are_looked_for_on_demand(furnished, owner, known):
    real = ident(known.real_set)
    answer = owner.post(f"{known.checkpoint}/neighbours", data={"real_set_id": real})
    assert answer.status_code == 303
    assert "Comparing with real images" in owner.get(known.checkpoint).text
    furnished.work()
    page = text(owner.get(known.checkpoint))
    assert "The 8 closest of 64 sampled images" in page
    assert owner.get(f"{known.checkpoint}/pictures/neighbours.png?subject={real}").status_code == 200
    synthetic = owner.post(f"{known.checkpoint}/neighbours", data={"real_set_id": ident(known.synthetic_set)})
    assert synthetic.status_code == 404


def test_another_researcher_neither_sees_nor_uses_it(furnished, known):
    other = furnished.browser(OTHER)
    assert "Tiny" not in other.get("/checkpoints").text
    for answer in (
        other.get(known.checkpoint),
        other.get(f"{known.checkpoint}/pictures/grid.png"),
        sample(other, known.checkpoint),
        other.post(f"{known.checkpoint}/experiment", data={"experiment": "mine"}),
        other.post(f"{known.checkpoint}/neighbours", data={"real_set_id": ident(known.real_set)}),
    ):
        assert answer.status_code == 404
    assert "No image sets yet" in other.get("/image-sets").text
    assert furnished.browser(ADMIN).get(known.checkpoint).status_code == 200


def images(client, address: str) -> list[str]:
    """The addresses of a set's images, in the order of the page."""
    parts = client.get(address).text.split(f'src="{address}/images/')[1:]
    return [f"{address}/images/" + part.partition('"')[0] for part in parts]
