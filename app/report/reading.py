"""How images were chosen and read, in sentences for a paper: of the stored design, nothing that it does not say."""

from collections.abc import Iterator

from app.protocol.design import Protocol
from app.report.study import Study
from app.report.words import many


def images(study: Study) -> Iterator[str]:
    """Where the images come from, what was done to them, and when that was fixed."""
    tested = " and ".join(f"{many(arm.images, 'synthetic image')} of {arm.label}" for arm in study.arms)
    yield (
        f"{many(study.n_real, 'real image')} and {tested} were drawn at random from their sets; "
        f"all were {study.size}, and took one path to the readers' screens, with one encoder and without metadata."
    )
    yield f"Real images were prepared as follows: {study.preparation}."
    yield from (f"Images of {arm.label} were sampled with {arm.sampling}." for arm in study.arms)
    if study.protocol.mends:
        yield f"All images alike were changed before they were encoded: {', '.join(study.protocol.mends)}."
    yield f"Images and protocol were fixed on {study.frozen}, before the reading was opened, in a manifest that was not changed afterwards."


def task(protocol: Protocol) -> Iterator[str]:
    """What readers saw at a time and were asked."""
    first, last = protocol.likert_labels[0], protocol.likert_labels[-1]
    scale = f"from 1 (“{first}”) to {len(protocol.likert_labels)} (“{last}”)"
    if protocol.answering == "pairs":
        yield (
            "Images were shown in pairs of one real and one synthetic image, side by side; for each pair readers said which was the "
            f"real one and answered “{protocol.question}” {scale}."
        )
    elif protocol.answering == "likert":
        yield (
            f"Images were shown one at a time; for each, readers answered “{protocol.question}” {scale}, and {protocol.real_from} or "
            "more was counted as “real”."
        )
    else:
        yield (
            "Images were shown one at a time; for each, readers said whether it was real or synthetic and rated "
            f"how real it looked {scale}."
        )


def order(study: Study) -> Iterator[str]:
    """In which order images came."""
    if study.protocol.arm_blocks and len(study.arms) > 1:
        yield (
            "Each model’s images came in a block with real images of its own; the blocks’ turns follow a Williams design over readers, and "
            "within each block every reader had a random order of their own."
        )
    else:
        yield "Each reader had a random order of their own."


def blinding(study: Study) -> Iterator[str]:
    """What readers were told, and what they were not; and what they had been told in the phases before."""
    yield f"{_told(study.protocol)}."
    if study.before:
        yield (
            f"This was phase {len(study.before) + 1} of the study. Before it, the same readers had read other images: "
            + ", and ".join(
                f"in phase {number}, {_told(protocol)[0].lower()}{_told(protocol)[1:]}"
                for number, protocol in enumerate(study.before, start=1)
            )
            + "."
        )


def _told(protocol: Protocol) -> str:
    if protocol.purpose_hidden:
        return (
            "Nothing told readers before the last image that some images were synthetic; a debrief followed"
        )
    if protocol.answering == "pairs":
        return "Readers were told that one image of each pair was real"
    if protocol.disclose_ratio:
        return "Readers were told how many of the images were real and how many synthetic"
    return "Readers were told that the images could be mixed in any proportion"


def looking(protocol: Protocol) -> Iterator[str]:
    """How images could be looked at, and answers changed."""
    yield (
        "Images could be neither enlarged nor changed in brightness or contrast."
        if protocol.fixed_presentation
        else "Readers could enlarge images and change brightness and contrast."
    )
    yield (
        f"Each image was taken away after {protocol.exposure_ms} ms."
        if protocol.exposure_ms
        else "Looking was not limited in time."
    )
    yield (
        "Readers could go back to the last image and correct their answer; the last answer counts."
        if protocol.allow_undo
        else "Answers could not be changed."
    )
    if protocol.remarks or protocol.cues:
        marks = f"marks on the image ({', '.join(protocol.cues)})" if protocol.cues else ""
        yield f"Readers could add {' and '.join(filter(None, ('remarks' if protocol.remarks else '', marks)))}."


def around(study: Study) -> Iterator[str]:
    """Consent, questionnaire, display, practice, and what was put between the images."""
    protocol = study.protocol
    if protocol.consent:
        yield "Readers consented in the program before they began."
    if protocol.questions:
        yield f"A questionnaire had {many(len(protocol.questions), 'question')}."
    if protocol.display_check:
        yield "Before the images, readers confirmed that they could tell steps of grey apart on their display."
        if protocol.smallest_width or protocol.smallest_height:
            yield f"A window of {protocol.smallest_width} × {protocol.smallest_height} pixels was the least that was let in."
    yield from _practice(protocol)
    yield from _between(study)


def _practice(protocol: Protocol) -> Iterator[str]:
    practice = protocol.practice
    if practice.images:
        needed = practice.pass_mark
        passed = f"; {many(needed, 'right answer')} had to be given to go on" if needed else ""
        yield (
            f"{many(practice.real, 'real image')} and {many(practice.synthetic, 'synthetic image')} came before the others as practice "
            f"with feedback{passed}."
        )


def _between(study: Study) -> Iterator[str]:
    protocol = study.protocol
    if protocol.repeats:
        apart = many(protocol.repeat_lag, "image")
        yield f"{many(protocol.repeats, 'image')} came twice, at least {apart} apart; the first answer is analysed."
    if protocol.catch:
        yield f"Attention checks that are not analysed were {many(protocol.catch, 'synthetic image')} degraded beyond doubt."
    shown = study.n_real + sum(arm.images for arm in study.arms) + protocol.repeats + protocol.catch
    if protocol.block_size and protocol.arm_blocks:
        yield f"A break was offered between the blocks, and within them after every {many(protocol.block_size, 'answer')}."
    elif 0 < protocol.block_size < shown // protocol.at_once:
        yield f"A break was offered after every {many(protocol.block_size, 'answer')}."
