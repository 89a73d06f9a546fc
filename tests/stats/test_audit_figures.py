"""The audit's figures: every kind is drawn as an SVG on the page's ground, the same data give the same file, and no image has a place in it."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from app.blinding.pictures import Picture
from app.report import audit_figures

LEVELS = tuple(float(level) for level in range(256))


def picture(kind):
    rng = np.random.default_rng(3)
    if kind == "histogram":
        real = np.r_[0.7, np.full(255, 0.3 / 255)]
        return Picture(kind, "share of pixels", LEVELS, tuple(real), tuple(np.full(256, 1 / 256)))
    if kind == "spectrum":
        axis = tuple((np.arange(32) + 0.5) / 64)
        return Picture(kind, "log power", axis, tuple(20 - np.arange(32.0)), tuple(19 - np.arange(32.0)))
    if kind == "corner":
        return Picture(
            kind, "mean corner", tuple(np.arange(16.0)), tuple(rng.uniform(0, 9, 256)), (0.0,) * 256
        )
    return Picture(kind, "grain (grey levels)", (), (1.0, 1.0, 2.0, 5.0), (3.0,))


@pytest.mark.parametrize("kind", ["histogram", "spectrum", "corner", "values"])
def test_each_kind_is_a_drawing_on_the_pages_ground_with_both_groups_named(kind):
    svg = audit_figures.draw(picture(kind))
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert root[0].text.endswith("#ground { fill: #1a2127 } }")
    assert (root[1].attrib["id"], root[1].attrib["fill"]) == ("ground", "#ffffff")
    words = " ".join("".join(element.itertext()) for element in root.iter() if element.tag.endswith("text"))
    assert "real" in words
    assert "synthetic" in words
    assert audit_figures.draw(picture(kind)) == svg


def test_a_histogram_that_is_even_is_shown_whole():
    even = (1 / 256,) * 256
    assert audit_figures.draw(Picture("histogram", "", LEVELS, even, even))


def test_images_of_one_group_stand_in_an_order_that_tells_nothing():
    values = picture("values")
    turned = Picture(values.kind, values.label, (), values.real[::-1], values.synthetic)
    points = [sorted(_points(audit_figures.draw(one))) for one in (values, turned)]
    assert points[0] == points[1]
    assert len(points[0]) == 5


def test_values_that_are_all_alike_are_drawn():
    assert len(_points(audit_figures.draw(Picture("values", "x", (), (0.0,) * 7, (0.0, 0.0))))) == 9


def _points(svg):
    """Where the markers of a drawing stand."""
    uses = (element for element in ET.fromstring(svg).iter() if element.tag.endswith("use"))
    found = [(use.attrib.get("x"), use.attrib.get("y"), use.attrib.get("style", "")) for use in uses]
    return [point for point in found if "#0072b2" in point[2] or "#d55e00" in point[2]]
