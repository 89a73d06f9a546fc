"""Whether the sets of a design can serve it: enough images of one shape, numbers that the protocol can be carried out with, a neutral title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.blinding.mends import MENDS
from app.errors import ConflictError, InvalidError
from app.protocol import wording
from app.protocol.design import Protocol
from app.services import following, imagesets, phases
from app.services.people import SignedIn
from app.tables.images import ImageSet
from app.typed import whole_number

MOST_ITEMS = 5000
MOST_ARMS = 16


@dataclass(frozen=True, slots=True)
class NewSession:
    """A form's contents: the protocol as it is meant, numbers of images as typed, synthetic sets each with its number.

    `follows` is the session whose next phase this is, else empty.
    """

    title: str
    public_title: str
    real_set_id: str
    n_real: str
    synthetic: tuple[tuple[str, str], ...]
    protocol: Protocol
    follows: str = ""


@dataclass(frozen=True, slots=True)
class NewArm:
    """A model under test: its set, what it is called in reports, and how many of its images are drawn."""

    image_set_id: str
    label: str
    n_synthetic: int


@dataclass(frozen=True, slots=True)
class Feasible:
    """A design that can be carried out."""

    title: str
    public_title: str
    real_set_id: str
    n_real: int
    arms: tuple[NewArm, ...]
    protocol: Protocol
    follows_id: str | None = None


def checked(db: Session, user: SignedIn, new: NewSession, session_id: str = "") -> Feasible:
    """The design, if its sets can serve it; raises InvalidError, ConflictError while a set is still being filled.

    `session_id` is the draft that is changed by it, if any.
    """
    protocol, follows_id = new.protocol, new.follows or None
    if follows_id:
        following.require_free(db, user, follows_id, session_id)
        if protocol.purpose_hidden:
            raise InvalidError(
                "Readers of a later phase know the purpose: it can be hidden in the first one alone."
            )
    shown = phases.shown(db, follows_id)
    if not set(protocol.mends) <= set(MENDS):
        raise InvalidError("The protocol names a mend that is not known here.")
    real = imagesets.own(db, user, new.real_set_id, "real")
    n_real = _enough(db, real, new.n_real, "real", protocol.practice.real + protocol.anchors // 2, shown)
    arms = tuple(_arms(db, user, new, shown))
    common_shape(db, real.id, [arm.image_set_id for arm in arms])
    _check_numbers(n_real, [arm.n_synthetic for arm in arms], protocol)
    public_title = _neutral(imagesets.named(new.public_title), protocol)
    return Feasible(imagesets.named(new.title), public_title, real.id, n_real, arms, protocol, follows_id)


def common_shape(db: Session, real_set_id: str, synthetic_set_ids: Iterable[str]) -> tuple[int, int, str]:
    """(width, height, mode) of all images of all sets; raises InvalidError where they differ.

    A different size or colour would give every synthetic image away, and resizing one arm alone would leave
    its own marks: all must have come through the same path before.
    """
    real = imagesets.shapes(db, real_set_id)
    synthetic = set().union(*(imagesets.shapes(db, set_id) for set_id in synthetic_set_ids))
    found = real | synthetic
    if len(found) != 1:
        said = imagesets.shapes_said(real), imagesets.shapes_said(synthetic)
        raise InvalidError(
            f"The real images are {said[0]} and the synthetic ones {said[1]}: that alone would tell them apart. "
            "Import the real images again with the size of the synthetic ones."
        )
    return found.pop()


def share(number: int, parts: int, place: int) -> int:
    """How many of `number` things part `place` (from 0) of so many parts gets: as evenly as can be, the first ones one more."""
    return number // parts + (place < number % parts)


def _arms(db: Session, user: SignedIn, new: NewSession, shown: frozenset[str]) -> list[NewArm]:
    if not 1 <= len(new.synthetic) <= MOST_ARMS:
        raise InvalidError(f"Choose 1 to {MOST_ARMS} sets of synthetic images.")
    chosen = [(imagesets.own(db, user, set_id, "synthetic"), number) for set_id, number in new.synthetic]
    if len({found.name for found, _ in chosen}) < len(chosen):
        raise InvalidError("Two models under test have the same name, or one set was chosen twice.")
    arms = []
    for place, (found, number) in enumerate(sorted(chosen, key=lambda pair: pair[0].name)):
        besides = new.protocol.practice.synthetic, new.protocol.catch, new.protocol.anchors // 2
        more = sum(share(n, len(chosen), place) for n in besides)
        wanted = _enough(db, found, number, "synthetic", more, shown)
        arms.append(NewArm(found.id, found.name, wanted))
    return arms


def _check_numbers(n_real: int, n_synthetic: Sequence[int], protocol: Protocol) -> None:
    """Refuse numbers of images that the protocol cannot be carried out with: in each block, and in each part of it."""
    blocks, parts = len(n_synthetic) if protocol.arm_blocks else 1, protocol.parts
    if n_real < blocks:
        raise InvalidError("Each model's block needs a real image at least.")
    if min(n_real // blocks, *n_synthetic) < parts:
        raise InvalidError("Each part needs a real image, and one of each model, in each block.")
    if protocol.disclose_ratio and any(n % (blocks * parts) for n in (n_real, *n_synthetic)) and parts > 1:
        raise InvalidError(
            "The mix can be told only where all parts have the same: choose numbers of images that can be divided by the number of parts."
        )
    for place in range(blocks):
        synthetic = n_synthetic[place] if protocol.arm_blocks else sum(n_synthetic)
        real = share(n_real, blocks, place)
        if protocol.at_once == 2:
            _check_pairs(real, synthetic, parts)
        repeats, catch = (share(n, blocks, place) for n in (protocol.repeats, protocol.catch))
        fewest = (real + synthetic) // parts
        _room_for_repeats(fewest, share(repeats, parts, 0), catch, protocol.repeat_lag)


def _check_pairs(real: int, synthetic: int, parts: int) -> None:
    if real != synthetic:
        raise InvalidError("Pairs need as many real as synthetic images, in each block.")
    if parts > 1 and real % (2 * parts):
        raise InvalidError("Pairs in parts need an even number of pairs in each part.")


def _neutral(title: str, protocol: Protocol) -> str:
    """A title that readers may see; raises InvalidError where it names the method, or a purpose that is hidden."""
    if wording.names_method(title):
        raise InvalidError(
            "Readers see the title for readers: choose one that says nothing of how images were made, without “GAN”."
        )
    if protocol.purpose_hidden and (word := wording.names_purpose(title)):
        raise InvalidError(
            f"The purpose is hidden, but readers would read “{word}” in the title for readers."
        )
    return title


def _room_for_repeats(n_images: int, repeats: int, catch: int, lag: int) -> None:
    if repeats > min(n_images, max(n_images + catch - lag, 0)):
        raise InvalidError(
            f"{repeats} images cannot be repeated {lag} images later among {n_images}: "
            "choose fewer repeats or a smaller distance."
        )


def _enough(
    db: Session, image_set: ImageSet, text: str, kind: str, besides: int, shown: frozenset[str]
) -> int:
    """The number as typed, if the set has so many images and those for practice and catch items besides, without those shown before."""
    wanted = whole_number(text, 1, MOST_ITEMS)
    if wanted is None:
        raise InvalidError(
            f"The number of {kind} images is a whole number from 1 to {MOST_ITEMS}, not “{text.strip()[:40]}”."
        )
    if not imagesets.finished(db, image_set):
        raise ConflictError(f"The set “{image_set.name}” is still being filled; wait for its job to end.")
    there = imagesets.count(db, image_set.id, without=shown)
    if there < wanted + besides:
        more = f" and {besides} for practice, anchors or attention" if besides else ""
        raise InvalidError(
            f"The design asks for {wanted} {kind} images{more}, but the set “{image_set.name}” has only {there}{' that no phase before has shown' if shown else ''}."
        )
    return wanted
