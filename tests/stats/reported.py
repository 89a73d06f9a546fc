"""Small studies and their reports, as tests of the report's files need them."""

import csv
import io

from app.report.build import build
from app.report.rows import Rating


def study(readers=("R1", "R2", "R3"), models=("A",), likert=True, real="rrsr", synthetic="rssr"):
    said = {"r": "real", "s": "synthetic"}
    ratings = []
    for shift, reader in enumerate(readers):
        for number in range(len(real)):
            answer = said[real[(number + shift) % len(real)]]
            ratings.append(
                Rating(reader, "", f"r{number}", "real", answer, number % 5 + 1 if likert else None, 2.0)
            )
        ratings += [
            Rating(
                reader,
                model,
                f"s{number}",
                "synthetic",
                said[synthetic[(number + shift) % len(synthetic)]],
                3 if likert else None,
            )
            for model in models
            for number in range(len(synthetic))
        ]
    return ratings


def made(ratings):
    return build(ratings, title="A <study> & more", provenance={"manifest_sha256": "ab12"})


def read(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))
