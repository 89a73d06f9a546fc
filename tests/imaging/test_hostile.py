"""Files that lie, break off or attack: each costs itself a sentence, and the good file beside it is kept."""

import os
import stat
import struct
import zipfile
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

from app.imaging.importer import LIMITS, Decoded, Refused
from tests.factories_dicom import slice_dataset, write_slice
from tests.imaging.test_importer import children

PIXELS = np.arange(1024, dtype=np.uint16).reshape(32, 32)


def changed(path, **attributes):
    dataset = slice_dataset(PIXELS)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)


def claiming(path, syntax, data=b"\xff\xd8\xff\xe0 no image at all", **attributes):
    dataset = slice_dataset(PIXELS)
    dataset.file_meta.TransferSyntaxUID = syntax
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = encapsulate([data])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.save_as(path, implicit_vr=False, little_endian=True, enforce_file_format=True)


def of_class(path, uid, **attributes):
    dataset = slice_dataset(PIXELS)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(uid)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)


def cut(path, share, **options):
    write_slice(path, PIXELS, **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def deflated(path, content):
    write_slice(path, PIXELS, transfer_syntax=DeflatedExplicitVRLittleEndian)
    head = path.read_bytes()
    head = head[: 144 + struct.unpack("<I", head[140:144])[0]]
    path.write_bytes(head + content)


def deflate_bomb(path):
    packer = zlib.compressobj(9, wbits=-15)
    parts = [packer.compress(struct.pack("<HH2sHI", 9, 0x1010, b"OB", 0, 1 << 30))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(1024)]
    deflated(path, b"".join([*parts, packer.flush()]))
    assert path.stat().st_size < 2_000_000


def png(path, width, height, data, *, depth=8, colour=0, spoil=False):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ spoil)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = zlib.compress(data, 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def text_bomb(path):
    png(path, 4, 4, bytes(20))
    body = b"k\0\0" + zlib.compress(bytes(300 * 2**20), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:])


def lying_codestream(path):
    """A JPEG 2000 image whose own header says 60,000 × 60,000 inside a DICOM header that says 32 × 32."""
    write_slice(path, PIXELS, transfer_syntax=JPEG2000Lossless)
    data = bytearray(path.read_bytes())
    size = data.index(b"\xff\x51") + 6
    data[size : size + 8] = struct.pack(">II", 60_000, 60_000)
    data[size + 16 : size + 24] = struct.pack(">II", 60_000, 60_000)
    path.write_bytes(data)


def nested(path, depth):
    """Sequences within sequences, of undefined length; never closed."""
    item = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    write_slice(path, PIXELS)
    head = path.read_bytes()
    path.write_bytes(head[: 144 + struct.unpack("<I", head[140:144])[0]] + item * depth)


def huge_element(path):
    write_slice(path, PIXELS)
    data = path.read_bytes()
    path.write_bytes(
        data.replace(
            struct.pack("<I", 2048) + PIXELS.tobytes()[:8], b"\xfe\xff\xff\xff" + PIXELS.tobytes()[:8]
        )
    )


def table(path, data, entries=4):
    item = Dataset()
    item.LUTDescriptor, item.LUTData, item.ModalityLUTType = [entries, 0, 16], data, "US"
    changed(path, ModalityLUTSequence=[item])


def polyglot(path):
    """A DICOM file whose preamble is the beginning of a PNG, cut off in its pixels."""
    write_slice(path, PIXELS)
    data = path.read_bytes()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data[8:-100])


def zipped(path, name, content=b"no image", **attributes):
    """A zip of one member, whose entry is then made to lie."""
    member = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(member, key, value)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(member, content, zipfile.ZIP_DEFLATED)


def nested_zip(path):
    zipped(path, "inner")
    zipped(path, "outer.zip", path.read_bytes())


def zip_bomb(path):
    """A member of 3 GiB: its sizes lie in the directory alone, so nothing of that is written."""
    zipped(path, "bomb", bytes(2**20))
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02") + 24
    path.write_bytes(data[:at] + struct.pack("<I", 3 * 2**30) + data[at + 4 :])


def lying_zip(path):
    """A member that unpacks to more than its sizes say."""
    zipped(path, "bomb", bytes(8 * 2**20))
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02") + 24
    path.write_bytes(data[:at] + struct.pack("<I", 100) + data[at + 4 :])


def encrypted_zip(path):
    zipped(path, "secret")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def cut_zip(path):
    zipped(path, "a")
    path.write_bytes(path.read_bytes()[:-10])


def frames_bomb(path):
    """Four thousand frames of 724 × 724 in less than two megabytes."""
    dataset = slice_dataset(np.zeros((724, 724), np.uint8))
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    from pydicom.encaps import generate_frames

    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.NumberOfFrames, dataset.PixelData = 4000, encapsulate([frame] * 4000, has_bot=False)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


INCOMPLETE = "fewer pixels than its header declares"
DAMAGED = "damaged or incomplete"
CONTRADICTION = "contradicts itself"
HOSTILE = {
    "empty": (lambda p: p.write_bytes(b""), "This file is empty."),
    "text named png": (lambda p: p.write_text("patient,score\n1,2\n"), "This is text, not an image."),
    "web page": (lambda p: p.write_text("<html><p>é" * 900), "This is text, not an image."),
    "noise": (lambda p: p.write_bytes(np.random.default_rng(1).bytes(5000)), "neither DICOM nor"),
    "gif": (lambda p: p.write_bytes(b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff" * 9), "neither DICOM nor"),
    "pdf": (lambda p: p.write_bytes(b"%PDF-1.7\n\xe2\xe3\xcf\xd3" * 9), "neither DICOM nor"),
    "only a preamble": (lambda p: p.write_bytes(bytes(128) + b"DICM"), DAMAGED[:7]),
    "preamble and noise": (lambda p: p.write_bytes(bytes(128) + b"DICM" + bytes(range(256))), None),
    "cut in its pixels": (lambda p: cut(p, 0.9), INCOMPLETE),
    "cut in its header": (lambda p: cut(p, 0.12), None),
    "cut jpeg 2000": (lambda p: cut(p, 0.8, transfer_syntax=JPEG2000Lossless), None),
    "cut jpeg-ls": (lambda p: cut(p, 0.8, transfer_syntax=JPEGLSLossless), None),
    "cut rle": (lambda p: cut(p, 0.8, transfer_syntax=RLELossless), None),
    "cut deflated": (lambda p: cut(p, 0.8, transfer_syntax=DeflatedExplicitVRLittleEndian), None),
    "deflated noise": (lambda p: deflated(p, b"\xff" * 500), DAMAGED),
    "deflate bomb": (deflate_bomb, "unpacks to more than is allowed"),
    "65535 squared": (lambda p: changed(p, Rows=65535, Columns=65535), "too large"),
    "more rows than there are": (lambda p: changed(p, Rows=64), INCOMPLETE),
    "no rows": (lambda p: changed(p, Rows=0), "size of zero"),
    "rows left out": (lambda p: changed(p, Rows=None), CONTRADICTION),
    "a billion frames": (lambda p: changed(p, NumberOfFrames=10**9), "too large"),
    "ten frames of one": (lambda p: changed(p, NumberOfFrames=10), INCOMPLETE),
    "a negative number of frames": (lambda p: changed(p, NumberOfFrames=-3), "size of zero"),
    "32 bits of 16": (lambda p: changed(p, BitsAllocated=32, BitsStored=32, HighBit=31), INCOMPLETE),
    "12 bits allocated": (lambda p: changed(p, BitsAllocated=12, BitsStored=12), "12 bits a pixel"),
    "more bits stored than allocated": (lambda p: changed(p, BitsStored=20), CONTRADICTION),
    "grey with three samples": (lambda p: changed(p, SamplesPerPixel=3), CONTRADICTION),
    "colour with one sample": (lambda p: changed(p, PhotometricInterpretation="RGB"), CONTRADICTION),
    "unknown colours": (lambda p: changed(p, PhotometricInterpretation="HSV"), "colour model"),
    "palette without one": (
        lambda p: changed(p, PhotometricInterpretation="PALETTE COLOR"),
        "colour palette",
    ),
    "slope of zero": (lambda p: changed(p, RescaleSlope=0, RescaleIntercept=0), "rescale slope"),
    "slope without bounds": (lambda p: changed(p, RescaleSlope="1e300", RescaleIntercept=0), "rescale slope"),
    "no pixels": (lambda p: changed(p, PixelData=None), "DICOM without any pixels"),
    "an empty modality table": (lambda p: table(p, b""), None),
    "unknown transfer syntax": (
        lambda p: claiming(p, UID("1.2.3.4")),
        "compression of this image (of an unknown kind)",
    ),
    "video": (lambda p: claiming(p, UID("1.2.840.10008.1.2.4.102")), "This is a video"),
    "no jpeg 2000 inside": (lambda p: claiming(p, JPEG2000Lossless), DAMAGED),
    "no jpeg inside": (lambda p: claiming(p, JPEGBaseline8Bit), DAMAGED),
    "no rle inside": (lambda p: claiming(p, RLELossless, bytes(64)), DAMAGED),
    "rle with wild offsets": (
        lambda p: claiming(p, RLELossless, struct.pack("<16I", 2, *([0xFFFFFFF0] * 15))),
        DAMAGED,
    ),
    "a lying codestream": (lying_codestream, None),
    "twelve-bit jpeg": (
        lambda p: claiming(p, JPEGExtended12Bit, BitsStored=12, HighBit=11),
        "needs a decoder that is not installed",
    ),
    "deeply nested": (lambda p: nested(p, 50_000), None),
    "an element of 4 GiB": (huge_element, None),
    "polyglot": (polyglot, INCOMPLETE),
    "disc directory": (lambda p: of_class(p, "1.2.840.10008.1.3.10"), "table of contents of a disc"),
    "report": (
        lambda p: of_class(p, "1.2.840.10008.5.1.4.1.1.88.33"),
        "This is not an image: a structured report.",
    ),
    "dose": (lambda p: of_class(p, "1.2.840.10008.5.1.4.1.1.481.2"), "radiotherapy dose"),
    "png bomb": (lambda p: png(p, 60_000, 60_000, bytes(60_001)), "This image is too large"),
    "png with fewer pixels": (lambda p: png(p, 500, 500, bytes(1000)), DAMAGED),
    "png with wrong checksums": (lambda p: png(p, 4, 4, bytes(20), spoil=True), DAMAGED),
    "png of zero width": (lambda p: png(p, 0, 4, bytes(20)), None),
    "png text bomb": (text_bomb, None),
    "jpeg beginning": (lambda p: p.write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50)), DAMAGED),
    "zip slip": (lambda p: zipped(p, "../../../../tmp/slip", b"x"), "This is text"),
    "a zip with a link": (
        lambda p: zipped(p, "link", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16),
        "is a link, not a file",
    ),
    "a zip inside a zip": (nested_zip, "A zip inside a zip"),
    "zip bomb": (zip_bomb, "too large"),
    "a zip that lies": (lying_zip, "This file of the zip is damaged."),
    "an encrypted zip": (encrypted_zip, "encrypted"),
    "a cut zip": (cut_zip, "damaged or incomplete"),
    "an empty zip": (lambda p: p.write_bytes(b"PK\x05\x06" + bytes(18)), "This zip file is empty."),
    "tiff beginning": (lambda p: p.write_bytes(b"II*\0" + b"\xff" * 200), DAMAGED),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """All hostile files in one upload, each followed by a good one: what became of every place."""
    from app.imaging import sources
    from app.imaging.importer import ImportSettings, decode_all

    folder = tmp_path_factory.mktemp("hostile")
    paths = []
    for number, (make, _) in enumerate(HOSTILE.values()):
        make(folder / f"{number:03d}.png")
        good = write_slice(folder / f"{number:03d}good", PIXELS)
        paths += [folder / f"{number:03d}.png", good]
    found = sources.collect(paths, folder / "unpacked")
    by_place = {}
    for outcome in decode_all(found, ImportSettings(), folder / "staging"):
        by_place.setdefault(outcome.place, []).append(outcome)
        for child in children():
            peaks[child] = peak(child)
            seconds.setdefault(child, []).append(processor_seconds(child))
    assert not (Path("/tmp") / "slip").exists()
    return by_place


peaks, seconds = {}, {}
"""Of each child that decoded the hostile files: its peak memory in MiB, and its processor time after each file."""


def peak(process):
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def processor_seconds(process):
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_memory_and_time_stay_small(outcomes):
    assert len(HOSTILE) >= 60
    assert len(peaks) == 1  # none of them needs a new child
    assert max(peaks.values()) <= 512
    (spent,) = seconds.values()
    assert max(after - before for before, after in pairwise(spent)) <= 5


def test_frames_without_end_are_stopped_and_cost_themselves_alone(decode, tmp_path):
    frames_bomb(tmp_path / "a")
    assert (tmp_path / "a").stat().st_size < 2 * 2**20
    good = write_slice(tmp_path / "b", PIXELS)
    *_, refused, kept = decode(tmp_path / "a", good, limits=replace(LIMITS, cpu_seconds=1))
    assert isinstance(refused, Refused)
    assert "too much time" in refused.reason
    assert isinstance(kept, Decoded)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_with_a_sentence_and_the_next_file_is_kept(outcomes, name):
    number = list(HOSTILE).index(name)
    (refused,) = outcomes[2 * number + 1]
    assert isinstance(refused, Refused), refused
    assert refused.reason.endswith(".")
    assert refused.reason[0].isupper()
    assert (HOSTILE[name][1] or "") in refused.reason
    (kept,) = outcomes[2 * number + 2]
    assert isinstance(kept, Decoded)


def test_frames_before_a_broken_one_are_kept(decode, tmp_path):
    frames = [np.full((40, 40), n, np.uint8) for n in (10, 20)]
    encoded = []
    for n, frame in enumerate(frames):
        dataset = dcmread(write_slice(tmp_path / f"{n}", frame, transfer_syntax=JPEG2000Lossless))
        encoded.append(dataset)
    from pydicom.encaps import generate_frames

    dataset = encoded[0]
    whole = [next(generate_frames(one.PixelData, number_of_frames=1)) for one in encoded]
    dataset.NumberOfFrames, dataset.PixelData = 3, encapsulate([*whole, b"\xff\x4f\xff\x51 broken"])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    one, two, broken = decode(tmp_path / "a")
    assert (one.frame, two.frame, broken.frame) == (1, 2, 3)
    assert isinstance(broken, Refused)
