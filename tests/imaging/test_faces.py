"""Which sets are pointed out as heads."""

import pytest

from app.imaging.faces import SLICES_OF_A_VOLUME, pointed_out


def many(count, group=1, **facts):
    return [({"modality": "MR", "body_part": None, **facts}, group)] * count


@pytest.mark.parametrize("part", ["HEAD", "BRAIN", "SKULL", "ORBIT", "HEADNECK"])
@pytest.mark.parametrize("modality", ["CT", "MR", "PT", "CR", None])
def test_one_image_of_a_head_is_enough(part, modality):
    assert pointed_out([*many(3, body_part="CHEST"), *many(1, body_part=part, modality=modality)]) == "head"


def test_many_slices_of_one_patient_may_be_a_head():
    assert pointed_out(many(SLICES_OF_A_VOLUME)) == "perhaps"
    assert pointed_out(many(SLICES_OF_A_VOLUME, modality="CT")) == "perhaps"
    assert pointed_out(many(SLICES_OF_A_VOLUME - 1)) is None


def test_slices_of_several_patients_are_counted_apart():
    assert pointed_out([*many(15, group=1), *many(15, group=2)]) is None


@pytest.mark.parametrize(
    "facts",
    [
        {"body_part": "CHEST"},
        {"modality": "US", "body_part": "EYE"},
        {"modality": "ES"},
        {"modality": None},
        {"modality": "DX"},
    ],
)
def test_other_images_are_not_pointed_out(facts):
    assert pointed_out(many(100, **facts)) is None


def test_images_without_facts_are_not_pointed_out():
    assert pointed_out([({}, None)] * 100) is None
    assert pointed_out([]) is None
