"""Windows that go by a name. Those for CT are in HU; where their values come from stands in docs/guide.md."""

from app.errors import InvalidError
from app.imaging.window import Window

PERCENTILES = "percentiles"
HOUNSFIELD: dict[str, Window] = {
    "abdomen": Window(40, 400),
    "lung": Window(-600, 1500),
    "brain": Window(40, 80),
    "bone": Window(300, 1500),
    "mediastinum": Window(50, 350),
}
NAMES = (*HOUNSFIELD, PERCENTILES)


def judge(name: str, modality: object) -> None:
    """Raise InvalidError where a window in HU is asked for and the file says that it is no CT; unknown passes."""
    if name in HOUNSFIELD and modality not in (None, "CT"):
        raise InvalidError(
            f"This is {modality}, not CT: the {name} window is in Hounsfield units, which only CT has. "
            "Choose percentiles, or give centre and width."
        )
