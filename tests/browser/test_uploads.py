"""Uploads in a real browser: what is sent, what is said of each file, and pictures that follow the form."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.cli.test_experiments import written
from tests.web.conftest import dicom, png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_an_upload_of_a_folder_names_refused_files_in_this_browser_alone(
    signed_in, working, bodies, tmp_path
):
    folder = tmp_path / "Study of Erika M"
    folder.mkdir()
    for i in range(3):
        dicom(folder, i)
    (folder / "notes Erika.txt").write_text("not an image")
    (folder / ".DS_Store").write_bytes(b"clutter")
    page = signed_in()
    page.goto("/image-sets/new")
    page.get_by_label("Name of the set").fill("Folder")
    page.get_by_label("Or a whole folder").set_input_files(folder)
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_label("Size in pixels").fill("16")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("3, 16 × 16 grey")).to_be_visible()
    page.get_by_text("1 file was not kept").click()
    expect(page.get_by_role("cell", name="notes Erika.txt")).to_be_visible()
    sent = b"".join(bodies)
    assert b"not an image" in sent
    for name in (b"notes Erika", b"Study of", b"DS_Store", b".dcm"):
        assert name not in sent
    other = signed_in()
    other.goto(page.url)
    other.get_by_text("1 file was not kept").click()
    expect(other.locator("table [data-place]")).to_be_visible()
    assert "notes Erika" not in other.content()


def test_of_a_run_s_folder_its_texts_alone_are_sent(signed_in, working, bodies, tmp_path):
    run = written(tmp_path / "00003-brain", [(100, 40.0), (200, 12.5)], gaps=[0.5] * 60)
    (run / "network-snapshot-000200.pkl").write_bytes(b"weights that stay")
    (run / "fakes000200.png").write_bytes(b"a picture that stays")
    page = signed_in()
    page.goto("/experiments/new")
    page.get_by_label("Name of the experiment").fill("n")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Choose the folder of a training run, or files of one.")
    page.get_by_label("Name of the experiment").fill("")
    page.get_by_label("The run's folder").set_input_files(run)
    assert page.get_by_label("Name of the experiment").input_value() == "00003-brain"
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("60, to 236 kimg")).to_be_visible()
    figures = page.locator(".figures img")
    expect(figures).to_have_count(2)
    expect(figures.first).to_have_js_property("complete", value=True)
    assert figures.first.evaluate("image => image.naturalWidth") > 0
    sent = b"".join(bodies)
    assert b"training_options.json" in sent
    assert b"that stay" not in sent
    page.get_by_label("Patients").fill("12")
    page.get_by_role("button", name="Save facts").click()
    page.goto("/experiments")
    page.get_by_label("Budget in kimg").fill("150")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="00003-brain")).to_contain_text("40.00")
    expect(page.get_by_role("row", name="00003-brain")).to_contain_text("12")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("link", name="table1.csv")).to_be_visible()
    expect(page.get_by_role("cell", name="40.00")).to_be_visible()


def test_a_form_that_cannot_be_used_keeps_what_was_chosen(signed_in, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(png(1))
    page = signed_in()
    page.goto("/image-sets/new")
    page.get_by_role("button", name="Upload and preview").click()
    assert page.url.endswith("/image-sets/new")  # the browser asks for the name first
    page.get_by_label("Name of the set").fill("A set")
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_role("alert")).to_have_text("Choose what to upload.")
    page.get_by_label("Files or a zip").set_input_files(file)
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.get_by_role("img", name="File 1")).to_be_visible()
    page.get_by_label("Window centre").fill("40")
    with page.expect_response(lambda answer: answer.url.endswith("/import")) as answered:
        page.get_by_role("button", name="Import").click()
    assert answered.value.status == 422
    expect(page.get_by_role("alert").first).to_contain_text("window")
    assert page.get_by_label("Window centre").input_value() == "40"
    page.get_by_label("Window width").fill("400")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="A set")).to_be_visible()
    expect(page.get_by_text("centre 40, width 400")).to_be_visible()


def pictures_of(page) -> list[str]:
    return page.locator(".previews img").evaluate_all("images => images.map(image => image.src)")


def test_the_preview_follows_the_form_and_nothing_is_kept_before_the_import(furnished, signed_in, tmp_path):
    for i in range(8):
        dicom(tmp_path, i)
    page = signed_in(bypass_csp=True)  # for axe
    page.goto("/image-sets/new")
    page.get_by_label("Name of the set").fill("Looked at")
    page.get_by_label("Files or a zip").set_input_files([tmp_path / f"{i}.dcm" for i in range(8)])
    page.get_by_role("button", name="Upload and preview").click()
    expect(page.locator(".previews img")).to_have_count(6)
    first = pictures_of(page)
    page.get_by_label("Window", exact=True).select_option("percentiles")
    expect(page.locator(".previews")).to_contain_text("percentiles (")
    page.get_by_label("Window centre").fill("900")
    page.get_by_label("Window width").fill("10")
    expect(page.locator(".previews")).to_contain_text("your window (900 / 10)")
    assert page.get_by_label("Window", exact=True).input_value() == "custom"
    assert not set(first) & set(pictures_of(page))
    page.get_by_text("Turn, flip, cut").click()
    before = pictures_of(page)
    page.get_by_label("Rotate clockwise").select_option("90")
    page.wait_for_function("old => document.querySelector('.previews img').src !== old", arg=before[0])
    page.get_by_label("Window", exact=True).select_option("abdomen")
    expect(page.locator(".previews")).to_contain_text("This is MR, not CT")
    for summary in page.locator("summary").all():
        if not summary.evaluate("summary => summary.parentElement.open"):
            summary.click()
    assert violations(page) == []
    page.goto("/image-sets")
    page.get_by_role("link", name="Choose its settings").click()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Looked at")).to_have_count(0)
    assert list(furnished.settings.staging_dir.iterdir()) == []


def test_the_bar_moves_and_the_page_shows_the_images_when_they_are_there(furnished, known, signed_in):
    page = signed_in()
    page.goto(known.checkpoint)
    page.get_by_label("Name of the set").fill("By the bar")
    page.get_by_label("Seeds").fill("0-39")
    page.get_by_role("button", name="Start sampling").click()
    expect(page.get_by_text("Waiting for the worker")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "0"
    furnished.work()
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    assert page.locator(".thumbs img").count() == 40
    assert page.locator("progress").count() == 0
    last = page.locator(".thumbs img").last
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("naturalWidth", 16)


def test_a_job_can_be_cancelled_from_its_page(known, signed_in):
    page = signed_in()
    page.goto(known.checkpoint)
    page.get_by_role("button", name="Start sampling").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("This was cancelled")).to_be_visible()
