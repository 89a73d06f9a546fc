"""Importing image sets: what is taken, what is refused and said, what is never kept."""

import io
import re
import zipfile

import pytest

from tests.web.conftest import ADMIN, OTHER, OWNER, dicom, ident, open_site, png, text


def upload(client, *files: tuple[str, bytes], headers=None, **fields: str):
    parts = [("files", (name, data, "application/octet-stream")) for name, data in files]
    return client.post("/image-sets", data={"name": "Some set", **fields}, files=parts, headers=headers)


def staged(site) -> list[str]:
    folder = site.settings.staging_dir
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def test_it_works(site, tmp_path):
    owner = site.browser(OWNER)
    assert owner.get("/image-sets/new").status_code == 200
    files = [(f"{i}.dcm", dicom(tmp_path, i)) for i in range(3)] + [("photo.png", png(1, 32))]
    answer = upload(owner, *files, window_center="500", window_width="1000", size="16")
    assert answer.status_code == 303
    assert "Waiting for the worker" in owner.get(answer.headers["location"]).text
    site.work()
    page = text(owner.get(answer.headers["location"]))
    assert "4, 16 × 16 grey" in page
    assert "centre 500, width 1000" in page
    assert page.count("<img src=") - 1 == 4  # and the brand's
    assert "were not kept" not in page


def test_a_set_of_several_shapes_says_so(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1, 16)), ("b.png", png(2, 32))).headers["location"]
    site.work()
    page = text(owner.get(address))
    assert "2, 16 × 16 grey and 32 × 32 grey" in page
    assert "A session needs one shape" in page


def test_thumbnails_are_images(furnished, owner, known):
    address = owner.get(known.real_set).text.partition(f"{known.real_set}/images/")[2].partition('"')[0]
    image = owner.get(f"{known.real_set}/images/{address}")
    assert image.headers["content-type"] == "image/png"
    assert image.content in {png(i) for i in range(8)}


def test_a_zip_is_taken_apart(site):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../outside.png", png(1))
        archive.writestr("folder/b.png", png(2))
    owner = site.browser(OWNER)
    address = upload(owner, ("all.zip", packed.getvalue())).headers["location"]
    site.work()
    assert "2, 16 × 16 grey" in text(owner.get(address))


def test_what_is_refused_is_said_by_place_and_the_rest_is_kept(site):
    owner = site.browser(OWNER)
    address = upload(
        owner,
        ("a.png", png(1)),
        ("notes.png", b"only text"),
        ("b.png", png(2)),
        ("c.dcm", b"\0" * 128 + b"DICM"),
    ).headers["location"]
    site.work()
    page = text(owner.get(address))
    assert "2, 16 × 16 grey" in page
    assert "2 files were not kept" in page
    assert 'data-place="2"' in page
    assert 'data-place="4"' in page
    assert 'data-place="1"' not in page


def test_no_file_name_reaches_the_server_s_disk_or_pages(site, tmp_path):
    owner = site.browser(OWNER)
    address = upload(
        owner, ("Mustermann_Erika_1960.png", png(1)), ("Mustermann_Erika_1961.png", b"text")
    ).headers["location"]
    site.work()
    assert "Mustermann" not in owner.get(address).text
    for path in site.settings.data_dir.rglob("*"):
        assert "Mustermann" not in str(path)
        assert not path.is_file() or b"Mustermann" not in path.read_bytes()


def test_nothing_of_a_patient_is_left_after_an_import(site, tmp_path):
    owner = site.browser(OWNER)
    address = upload(owner, ("1.dcm", dicom(tmp_path, 1)), ("2.dcm", b"no DICOM at all")).headers["location"]
    assert len(staged(site)) == 1
    site.work()
    assert staged(site) == []
    assert "Doe" not in owner.get(address).text
    for path in site.settings.data_dir.rglob("*"):
        assert not path.is_file() or b"Doe" not in path.read_bytes()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "  "}, "Give a name"),
        ({"name": "x" * 121}, "has 121 characters; the longest"),
        ({"size": "huge"}, "The size is a whole number of pixels"),
        ({"size": "4096"}, "The size is a whole number of pixels"),
        ({"size": "9" * 5000}, "The size is a whole number of pixels"),
        ({"size": "-5"}, "The size is a whole number of pixels"),
        ({"window_center": "40"}, "window"),
        ({"window_center": "middle", "window_width": "400"}, "window"),
        ({"window_center": "40", "window_width": "0"}, "window"),
        ({"window_center": "nan", "window_width": "400"}, "window"),
    ],
)
def test_a_form_that_cannot_be_used_gets_a_sentence_and_leaves_nothing(site, fields, sentence):
    owner = site.browser(OWNER)
    answer = upload(owner, ("a.png", png(1)), **fields)
    assert answer.status_code == 422
    assert sentence.lower() in text(answer).lower()
    assert staged(site) == []
    assert "No image sets yet" in owner.get("/image-sets").text


def test_a_form_without_files_gets_a_sentence(site):
    owner = site.browser(OWNER)
    # what browsers send for a file input in which nothing was chosen
    answer = owner.post(
        "/image-sets", data={"name": "n"}, files=[("files", ("", b"")), ("folder", ("", b""))]
    )
    assert answer.status_code == 422
    assert "Choose a folder, some files or a zip" in text(answer)
    assert staged(site) == []


def test_an_unchosen_file_input_does_not_shift_the_places(site):
    owner = site.browser(OWNER)
    files = [("files", ("", b"")), ("folder", ("d/1.png", png(1))), ("folder", ("d/2.png", b"text"))]
    address = owner.post("/image-sets", data={"name": "n"}, files=files).headers["location"]
    site.work()
    assert 'data-place="2"' in owner.get(address).text


def test_an_empty_file_is_a_refusal_of_its_own(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1)), ("empty.png", b""), ("b.png", b"text")).headers["location"]
    site.work()
    page = text(owner.get(address))
    assert "2 files were not kept" in page
    assert 'data-place="2"' in page
    assert 'data-place="3"' in page


def test_too_large_an_upload_is_refused_before_it_is_read(tmp_path):
    for site in open_site_with_users(tmp_path, upload_limit_mb=1):
        owner = site.browser(OWNER)
        answer = upload(owner, ("big.bin", b"x" * (2**20 + 1)))
        assert answer.status_code == 413
        assert "larger than the 1 MB" in text(answer)
        assert staged(site) == []


def test_an_upload_that_does_not_say_its_size_is_stopped_on_the_way(tmp_path):
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b"y" * 2**16

    for site in open_site_with_users(tmp_path, upload_limit_mb=1):
        owner = site.browser(OWNER)
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}
        answer = owner.post("/image-sets", content=endless(), headers=headers)
        assert answer.status_code == 413
        assert answer.json()["error"].startswith("The upload is larger")
        assert staged(site) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc',
        ),
        ("multipart/form-data; boundary=x", b"this is no form"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=" + "x" * 1000, b"--x--"),
        ("application/x-www-form-urlencoded", b"name=a"),
        ("text/plain", b"hello"),
    ],
)
def test_a_broken_upload_leaves_nothing_behind(site, content_type, body):
    owner = site.browser(OWNER)
    answer = owner.post("/image-sets", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 422
    assert staged(site) == []
    assert "No image sets yet" in owner.get("/image-sets").text


def test_a_script_gets_the_address_or_the_sentence_as_json(site):
    owner = site.browser(OWNER)
    asked = {"Accept": "application/json"}
    taken = upload(owner, ("a.png", png(1)), headers=asked)
    assert taken.status_code == 200
    assert taken.json()["address"].startswith("/image-sets/")
    refused = upload(owner, ("a.png", png(1)), headers=asked, size="x")
    assert (refused.status_code, list(refused.json())) == (422, ["error"])


def test_a_name_is_shown_as_text_never_as_markup(site):
    owner = site.browser(OWNER)
    address = upload(owner, ("a.png", png(1)), name="<script>alert(1)</script>").headers["location"]
    for page in (owner.get(address), owner.get("/image-sets"), owner.get("/")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text


def test_a_thousand_files_fit_in_one_form(site):
    owner = site.browser(OWNER)
    address = upload(owner, *[(f"{i}.txt", b"t") for i in range(1500)]).headers["location"]
    assert len(list((site.settings.staging_dir / staged(site)[0]).iterdir())) == 1500
    assert owner.get(address).status_code == 200


def test_another_researcher_neither_sees_nor_opens_a_set(furnished, known, owner):
    other = furnished.browser(OTHER)
    assert "Real slices" not in other.get("/image-sets").text
    foreign, missing = other.get(known.real_set), other.get("/image-sets/" + "0" * 32)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text == missing.text
    image = owner.get(known.real_set).text.partition(f"{known.real_set}/images/")[2].partition('"')[0]
    assert other.get(f"{known.real_set}/images/{image}").status_code == 404


def test_an_image_is_served_under_its_own_set_alone(owner, known):
    image = owner.get(known.real_set).text.partition(f"{known.real_set}/images/")[2].partition('"')[0]
    assert owner.get(f"{known.synthetic_set}/images/{image}").status_code == 404


def test_an_admin_sees_everybody_s_sets(furnished, known):
    assert furnished.browser(ADMIN).get(known.real_set).status_code == 200


def open_site_with_users(tmp_path, **changes):
    from app import clock
    from app.services import people
    from tests.web.conftest import PASSWORD

    for site in open_site(tmp_path / "limited", **changes):
        with site.parts.database.write() as db:
            people.add(db, OWNER, "researcher", PASSWORD, clock.now())
        yield site


def test_the_list_shows_each_set_with_its_count_and_state(owner, known):
    page = owner.get("/image-sets").text
    for address in (known.real_set, known.synthetic_set):
        assert f'href="{address}"' in page
    assert page.count(">ready<") == 2
    assert ident(known.real_set) in page


def test_a_form_with_thousands_of_fields_is_refused_before_they_fill_the_memory(site):
    owner = site.browser(OWNER)
    refused = upload(owner, ("a.png", png(1)), **{f"field{number}": "x" * 1000 for number in range(200)})
    assert refused.status_code == 422
    assert "more fields than any page of ours" in text(refused)


def test_lists_show_pictures_of_what_they_name(owner, known):
    for page in (owner.get("/image-sets").text, owner.get("/").text):
        shown = re.findall(rf'src="({known.real_set}/images/[0-9a-f]{{32}}\.png)"', page)
        assert len(set(shown)) == 3
        assert {owner.get(address).headers["content-type"] for address in shown} == {"image/png"}
    grid = f"{known.checkpoint}/pictures/grid.png"
    assert grid in owner.get("/checkpoints").text
    assert owner.get(grid).status_code == 200
