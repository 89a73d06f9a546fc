"""The few facts of a DICOM file that outlive its import; whatever is not on these lists is dropped.

Codes are compared with lists and never copied: free text in a code's place could name a person.
"""

import math
from collections.abc import Iterator

from pydicom.dataset import Dataset


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODALITIES = _words(
    "BMD CR CT DX ECG ES GM IO IVOCT IVUS MG MR NM OCT OP OPM OPT OT PT PX RF RG RTIMAGE SC SM US XA XC"
)
BODY_PARTS = _words(
    """ABDOMEN ABDOMENPELVIS ANKLE AORTA ARM BLADDER BONE BRAIN BREAST BRONCHUS BUTTOCK CALCANEUS CALF CAROTID
    CEREBELLUM CERVIX CHEST CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX COLON CORNEA CORONARYARTERY CSPINE CTSPINE
    DUODENUM EAR ELBOW ESOPHAGUS EXTREMITY EYE FEMUR FINGER FOOT GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS ILEUM
    ILIUM JAW JEJUNUM KIDNEY KNEE LARYNX LEG LIVER LSPINE LSSPINE LUMBAR LUNG MEDIASTINUM MOUTH NECK NECKCHEST ORBIT
    OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PHARYNX PROSTATE RECTUM RIB SACRUM SCALP SCAPULA SCROTUM SHOULDER SKULL
    SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THORAX THUMB THYMUS THYROID TIBIA TLSPINE TMJ TOE TONGUE TRACHEA
    TSPINE UTERUS VAGINA VULVA WHOLEBODY WRIST"""
)
"""Defined terms of PS3.16 Annex L that are in common use; spaces and signs are dropped before comparing."""
_FAMILIES = {
    "agfa": "Agfa",
    "bruker": "Bruker",
    "canon": "Canon",
    "carestream": "Carestream",
    "elekta": "Elekta",
    "elscint": "Elscint",
    "esaote": "Esaote",
    "fuji": "Fujifilm",
    "general electric": "GE",
    "hitachi": "Hitachi",
    "hologic": "Hologic",
    "kodak": "Carestream",
    "konica": "Konica Minolta",
    "lorad": "Hologic",
    "marconi": "Philips",
    "mindray": "Mindray",
    "neusoft": "Neusoft",
    "philips": "Philips",
    "picker": "Philips",
    "samsung": "Samsung",
    "shimadzu": "Shimadzu",
    "siemens": "Siemens",
    "toshiba": "Canon",
    "united imaging": "United Imaging",
    "varian": "Varian",
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def facts(dataset: Dataset) -> dict[str, object]:
    """Modality, body part, manufacturer family, spacing (mm; rows, columns), slice thickness (mm), burnt-in annotation.

    A value is None where the file does not say, or says what is not on the list. `burned_in` is what the file's own tag
    says: True, False or None; the pixels are not looked at. `secondary_capture` is whether it is a screen or film photographed.
    """
    thickness = _measured(dataset, 1, "SliceThickness")
    return {
        "modality": _listed(dataset, "Modality", MODALITIES),
        "body_part": _listed(dataset, "BodyPartExamined", BODY_PARTS),
        "manufacturer": _family(str(dataset.get("Manufacturer") or "")),
        "pixel_spacing": _measured(dataset, 2, "PixelSpacing", "ImagerPixelSpacing"),
        "slice_thickness": thickness[0] if thickness else None,
        "burned_in": {"YES": True, "NO": False}.get(
            str(dataset.get("BurnedInAnnotation") or "").strip().upper()
        ),
        "secondary_capture": _text(dataset, "SOPClassUID").startswith(_SECONDARY_CAPTURE),
    }


def identity(dataset: Dataset) -> str | None:
    """What tells this file's patient from another's: the patient's id, else name and birth date, else the study."""
    number, issuer = _text(dataset, "PatientID"), _text(dataset, "IssuerOfPatientID")
    if number:
        return f"id {issuer} {number}"
    name, born = _text(dataset, "PatientName"), _text(dataset, "PatientBirthDate")
    if name:
        return f"name {name} {born}"
    study = _text(dataset, "StudyInstanceUID")
    return f"study {study}" if study else None


def group(dataset: Dataset, frame: int, sequence: str) -> Dataset | None:
    """An enhanced file's functional group for a frame (from 0): the frame's own, else the shared one."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for item in (*own[frame : frame + 1], *shared[:1]):
        found = item.get(sequence)
        if found:
            first: Dataset = found[0]
            return first
    return None


def _listed(dataset: Dataset, keyword: str, known: frozenset[str]) -> str | None:
    code = "".join(c for c in _text(dataset, keyword).upper() if c.isalnum())
    return code if code in known else None


def _family(manufacturer: str) -> str | None:
    said = manufacturer.lower()
    if said.startswith("ge "):
        return "GE"
    return next((family for word, family in _FAMILIES.items() if word in said), None)


def _measured(dataset: Dataset, count: int, *keywords: str) -> list[float] | None:
    """The lengths of the first of these attributes that is there, in the file or in its first frame's group."""
    for place in (dataset, group(dataset, 0, "PixelMeasuresSequence")):
        for keyword in keywords:
            found = list(_lengths(place, keyword, count)) if place is not None else []
            if len(found) == count:
                return found
    return None


def _lengths(dataset: Dataset, keyword: str, count: int) -> Iterator[float]:
    """The first `count` values of an attribute that are lengths in mm."""
    values = dataset.get(keyword)
    for value in [values] if isinstance(values, str | int | float) else list(values or [])[:count]:
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number) and 0 < number < 10_000:
            yield number


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()
