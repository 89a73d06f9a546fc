"""What the audit says, in plain words and with the numbers of both kinds of image."""

import numpy as np

from app.blinding.features import Feature, Floats
from app.blinding.ranks import Band


def number(value: float, *, share: bool) -> str:
    """Three significant digits, shares in per cent: 0.1234 → "12.3 %"."""
    text = f"{value * 100:.3g}" if share else f"{value:.3g}"
    plain = f"{float(text):.0f}" if "e+" in text else text.replace("-", "−", 1)
    return f"{plain} %" if share else plain


def finding(feature: Feature, synthetic: Floats, real: Floats, effect: float) -> str:
    """One measure in both kinds of image: mean and middle half, and how well it separates them."""
    return (
        f"{feature.words[0].upper()}{feature.words[1:]}: {_group(feature, synthetic)} synthetic images, "
        f"{_group(feature, real)} real ones. Of a synthetic and a real image, the synthetic one has the "
        f"{'higher' if effect > 0.5 else 'lower'} value in {max(effect, 1 - effect):.0%} of pairs (ties count half)."
    )


def _group(feature: Feature, values: Floats) -> str:
    """Mean and middle half of one kind, or its one value."""
    low, mean, high = (
        number(float(value), share=feature.share)
        for value in (np.quantile(values, 0.25), values.mean(), np.quantile(values, 0.75))
    )
    if np.ptp(values) == 0:
        return f"{mean} in all"
    return f"{mean} on average (middle half {low} to {high}) in"


def classifier(band: Band, n: int) -> str:
    """What the classifier's AUC means; that images are "blind" is never said, because no test can show it."""
    numbers = (
        f"AUC {band.auc:.2f}, p = {band.p:.2g}; with the truth shuffled, 95 % lie within ½ ± {band.width:.3f}"
    )
    if band.p > 0.05:
        return (
            f"Not distinguishable at this n: a classifier on all measures does not tell the {n} images apart "
            f"better than chance ({numbers}). A smaller difference, or one that we do not measure, may still be there."
        )
    if band.auc > 0.5:
        return f"A classifier on all measures told the {n} images apart better than chance ({numbers})."
    return (
        f"A classifier on all measures did worse than chance on the {n} images ({numbers}): no use to a reader, "
        "but rarer than 1 in 20; look whether the sets contain groups, such as many slices of one patient."
    )
