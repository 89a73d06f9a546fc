"""Windows against values worked out by hand from PS3.3 C.11.2.1.2.1 and C.11.2.1.3."""

import numpy as np
import pytest

from app.errors import InvalidError
from app.imaging import window
from app.imaging.window import Window


def shown(center, width, *values):
    return window.linear(np.array(values, np.float32), Window(center, width)).tolist()


def test_the_standards_own_examples():
    # c = 2048, w = 4096: x <= 0 is black, x > 4095 white, between ((x - 2047.5) / 4095 + 0.5) * 255
    assert shown(2048, 4096, -5, 0, 1365, 2730, 4095, 5000) == pytest.approx(
        [0, 0, 85, 170, 255, 255], abs=1e-4
    )
    # c = 0, w = 100: x <= -50 is black, x > 49 white, between ((x + 0.5) / 99 + 0.5) * 255
    assert shown(0, 100, -51, -50, -17, 16, 49, 50) == pytest.approx([0, 0, 85, 170, 255, 255], abs=1e-4)
    # c = 0, w = 1: x <= -0.5 is black, else white
    assert shown(0, 1, -1, -0.5, -0.4, 0) == [0, 0, 255, 255]
    assert shown(2048, 1, 2047.5, 2048) == [0, 255]


def test_an_abdomen_window_in_hounsfield_units():
    # c = 40, w = 400: black to -160, white above 239; 39 is 198.5 / 399 + … = ((39 - 39.5) / 399 + 0.5) * 255
    expected = [0, 0, (-0.5 / 399 + 0.5) * 255, 255, 255]
    assert shown(40, 400, -1000, -160, 39, 239, 1000) == pytest.approx(expected, abs=1e-4)


def test_sigmoid():
    # 255 / (1 + exp(-4 (x - c) / w))
    values = window.sigmoid(np.array([50, 150, 100, -1e9, 1e9], np.float32), Window(100, 200))
    assert values.tolist() == pytest.approx([255 / (1 + np.e), 255 / (1 + 1 / np.e), 127.5, 0, 255], abs=1e-3)


def test_percentiles_run_from_black_to_white():
    values = np.arange(1001, dtype=np.float32)
    used = window.by_percentiles(values)
    assert (used.center, used.width) == (500.5, 991)  # 5 to 995
    display = window.linear(values, used)
    assert (display[5], display[995]) == (0, 255)
    assert 0 < display[6] < display[994] < 255


def test_a_constant_image_is_black():
    flat = np.full((4, 4), 7, np.float32)
    assert not window.linear(flat, window.by_percentiles(flat)).any()


def test_rounding_is_half_up():
    levels = window.to_uint8(np.array([-3, 0.49, 0.5, 1.5, 2.5, 254.5, 300], np.float32))
    assert levels.tolist() == [0, 0, 1, 2, 3, 255, 255]


def test_the_input_is_left_alone():
    values = np.arange(5, dtype=np.float32)
    window.linear(values, Window(2, 3))
    assert values.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("center", "width", "sentence"),
    [
        ("40", "", "both"),
        ("", "400", "both"),
        ("forty", "400", "centre must be a number, not “forty”"),
        ("40", "4oo", "width must be a number, not “4oo”"),
        ("40", "0.5", "at least 1"),
        ("40", "-400", "at least 1"),
        ("nan", "400", "finite"),
        ("40", "inf", "finite"),
        ("1e999", "400", "finite"),
    ],
)
def test_what_is_no_window_gets_a_sentence(center, width, sentence):
    with pytest.raises(InvalidError) as refused:
        Window.parse(center, width)
    assert sentence in refused.value.sentence
    assert refused.value.sentence.endswith(".")


def test_windows_as_people_type_them():
    assert Window.parse(" −600 ", "1500,5") == Window(-600, 1500.5)
