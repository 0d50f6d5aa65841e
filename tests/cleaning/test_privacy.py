"""Which personal data is masked: labelled lines, all invented, with valid check digits."""

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaning.pages import check_digits
from cleaning.pages.privacy import KINDS, masked, personal_spans

with (Path(__file__).parent / "privacy_lines.tsv").open(encoding="utf-8", newline="") as file:
    LINES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
PERSONAL = [row for row in LINES if row["kind"] != "none"]
HARMLESS = [row for row in LINES if row["kind"] == "none"]


def is_whole(row):
    """Whether one mask covers the part; a bracket around a prefix may stay."""
    begin = row["line"].find(row["part"])
    end = begin + len(row["part"])
    return any(first <= begin + 1 and last >= end - 1 for first, last, _ in personal_spans(row["line"]))


def test_precision_and_recall_of_the_labelled_lines():
    assert len(LINES) >= 300
    found = sum(map(is_whole, PERSONAL))
    wrong = sum(len(personal_spans(row["line"])) for row in HARMLESS)
    assert found / (found + wrong) >= 0.98, [row["line"] for row in HARMLESS if personal_spans(row["line"])]
    assert found / len(PERSONAL) >= 0.95, [row["line"] for row in PERSONAL if not is_whole(row)]


@pytest.mark.parametrize("row", HARMLESS[:40], ids=lambda row: row["part"][:30])
def test_public_lines_and_works_stay(row):
    assert masked(row["line"]) == (row["line"], {})


def test_a_line_is_masked_alike_wherever_it_stands():
    around = "La consulta abre por la mañana y cierra a las dos. " * 30
    for row in LINES[::3]:
        alone, counts = masked(row["line"])
        text, more = masked(f"{around}\n{row['line']}\n{around}")
        assert text == f"{around}\n{alone}\n{around}", row["line"]
        assert more == counts


@given(st.lists(st.sampled_from([row["line"] for row in LINES]), max_size=8))
def test_masks_are_found_together_as_alone(lines):
    text = "\n".join(line + " Hasta aquí el apartado, sin más." for line in lines)
    spans = personal_spans(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert len(spans) == sum(masked(text)[1].values())


@pytest.mark.parametrize("row", PERSONAL, ids=lambda row: row["part"])
def test_what_is_masked_has_the_sign_of_its_kind(row):
    for begin, end, name in personal_spans(row["line"]):
        found = row["line"][begin:end]
        signs = [kind.sign for kind in KINDS if kind.name == name]
        assert name == "telefono" or any(sign.search(found) for sign in signs)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_digits.ecuador_is_valid, "1710034065", "1710034066"),
        (check_digits.ecuador_is_valid, "3001234560", "3101234569"),
        (check_digits.uruguay_is_valid, "1.234.567-2", "1.234.567-8"),
        (check_digits.luhn_is_valid, "4000 0000 0000 1232", "4000 0000 0000 1233"),
        (check_digits.cpf_is_valid, "123.456.789-09", "123.456.789-08"),
        (check_digits.ccc_is_valid, "2100-0418-45-0200051332", "2100-0418-46-0200051332"),
        (check_digits.clabe_is_valid, "032180000118359719", "032180000118359718"),
        (check_digits.rfc_is_valid, "GODE561231GR8", "GODE561231GR9"),
        (check_digits.iban_is_valid, "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
    ],
)
def test_check_digits(check, right, wrong):
    assert check(right)
    assert not check(wrong)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("Tel.: 91 412 67 80 / 91 412 67 81 y 634 218 905", "Tel.: [TELEFONO] / [TELEFONO] y [TELEFONO]"),
        ("Teléfono:\n634218905", "Teléfono:\n[TELEFONO]"),
        ("Teléfono | 2431 2678 | Lunes", "Teléfono | [TELEFONO] | Lunes"),
        ("DNI 43126780K", "DNI 43126780K"),
        ("Tel. 634 218 905, CN 698765, lote 634218905", "Tel. [TELEFONO], CN 698765, lote 634218905"),
        ("Llame al 900 202 010 o al 634 218 905", "Llame al 900 202 010 o al [TELEFONO]"),
        ("Móvil 634 218 905. Dosis: 600 000 UI", "Móvil [TELEFONO]. Dosis: 600 000 UI"),
    ],
)
def test_several_numbers_of_a_line(text, out):
    assert masked(text)[0] == out
