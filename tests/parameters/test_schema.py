"""What an entry must state: each fault is found, and said with file, key, value, allowed."""

import pytest
from songhe.parameters.load import ParameterError, load
from songhe.parameters.schema import UNITS

SUBSIDY = "policies/subsidy.yaml"
MORTALITY = "demography/mortality.yaml"

# file, what is replaced, by what, where the problem is, the value shown, what is allowed
FAULTS = {
    "unknown field": (SUBSIDY, "  dims: []\n", "  dims: []\n  colour: red\n",
                      "policies.subsidy.amount.colour", "red", "no such field"),
    "missing title": (SUBSIDY, "  title: Subsidy for a child\n", "",
                      "policies.subsidy.amount.title", "missing", "required"),
    "missing prior": (SUBSIDY, "  prior: {fixed: set by law}\nage_limit", "age_limit",
                      "policies.subsidy.amount.prior", "missing", "required"),
    "unknown unit": (SUBSIDY, "yuan per year", "yuan per yaer",
                     "policies.subsidy.amount.unit", "yuan per yaer", "yuan per year"),
    "luck for each of another dimension": (
        SUBSIDY, "  prior: {fixed: set by law}\nage_limit",
        "  prior: {family: normal, sd: 0.1, each: year}\nage_limit",
        "policies.subsidy.amount", "", "prior.each: one of the dims"),
    "unknown dimension": (MORTALITY, "[adl]", "[adls]",
                          "demography.mortality.ratio.dims.0", "adls", "adl"),
    "unknown evidence": (SUBSIDY, "evidence: read", "evidence: guessed",
                         "policies.subsidy.amount.evidence", "guessed", "assumed"),
    "valid the wrong way round": (SUBSIDY, "[0, 50000]", "[50000, 0]",
                                  "policies.subsidy.amount", "", "valid: [lowest, highest]"),
    "valid as text": (SUBSIDY, "[0, 50000]", "['0', 50000]",
                      "policies.subsidy.amount.valid.0", "0", "a number"),
    "value out of range": (SUBSIDY, "value: 4000", "value: 400000",
                           "policies.subsidy.amount.2030-01-01", "400000", "0 to 50000"),
    "value as text": (SUBSIDY, "value: 3\n", "value: three\n",
                      "policies.subsidy.age_limit", "three", "a number"),
    "value true": (SUBSIDY, "value: 3\n", "value: true\n",
                   "policies.subsidy.age_limit", "True", "a number"),
    "two forms": (SUBSIDY, "  value: 3\n", "  value: 3\n  data: own.csv\n",
                  "policies.subsidy.age_limit", "", "exactly one of"),
    "no source": (SUBSIDY, "{value: 3600, source: law}", "{value: 3600}",
                  "policies.subsidy.amount", "", "a source for every dated value"),
    "no source of a constant": (SUBSIDY, "  value: 3\n  source: law\n", "  value: 3\n",
                                "policies.subsidy.age_limit", "", "a source"),
    "unknown source": (SUBSIDY, "{value: 3600, source: law}", "{value: 3600, source: lore}",
                       "policies.subsidy.amount.source", "lore", "law, tables"),
    "date as a number": (SUBSIDY, "2025-01-01:", "2025:",
                         "policies.subsidy.amount.values.2025", "2025", "YYYY-MM-DD"),
    "assumed without note": (MORTALITY, "  note: Chosen between two studies.\n", "",
                             "demography.mortality.ratio", "", "a note"),
    "a part assumed without note": (SUBSIDY, "{value: 4000, source: law}",
                                    "{value: 4000, source: law, evidence: assumed}",
                                    "policies.subsidy.amount", "", "a note"),
    "fixed without reason": (SUBSIDY, "{fixed: set by law}", "{fixed: ''}",
                             "policies.subsidy.amount.prior.fixed", "''", "at least 5"),
    "unknown family": (MORTALITY, "family: band", "family: cauchy",
                       "demography.mortality.mx.prior.family", "cauchy", "lognormal"),
    "band without level": (MORTALITY, "band, level: 0.8", "band",
                           "demography.mortality.mx.prior", "", "band takes level"),
    "half an interval": (MORTALITY, "low: 0.8, high: 1.3", "low: 0.8",
                         "demography.mortality.ratio.prior", "", "both low and high"),
    "interval the wrong way round": (MORTALITY, "low: 0.8, high: 1.3", "low: 1.3, high: 0.8",
                                     "demography.mortality.ratio.prior", "", "low below high"),
    "factor away from 1": (MORTALITY, "low: 0.8, high: 1.3", "low: 1.1, high: 1.3",
                           "demography.mortality.ratio.prior", "", "holds 1"),
    "value outside its interval": (MORTALITY, "low: 0.05, high: 0.9", "low: 0.4, high: 0.9",
                                   "demography.mortality.effect.prior", "lognormal", "0.3"),
    "interval of a list": (MORTALITY, "{family: lognormal, on: factor, low: 0.8, high: 1.3}",
                           "{family: lognormal, low: 0.8, high: 1.3}",
                           "demography.mortality.ratio.prior", "lognormal", "on: factor"),
    "a beta with another median": (MORTALITY,
                                   "{family: lognormal, low: 0.05, high: 0.9, zero: 0.25}",
                                   "{family: beta, low: 0.25, high: 0.9}",
                                   "demography.mortality.effect.prior", "beta", "logitnormal"),
    "same luck as nobody": (MORTALITY, "zero: 0.25}", "zero: 0.25, same_as: a.b.c}",
                            "demography.mortality.effect.prior.same_as", "a.b.c", "a known key"),
    "same luck as itself": (MORTALITY, "zero: 0.25}",
                            "zero: 0.25, same_as: demography.mortality.effect}",
                            "demography.mortality.effect.prior.same_as", "effect", "the circle"),
    "same luck as the certain": (MORTALITY, "zero: 0.25}",
                                 "zero: 0.25, same_as: policies.subsidy.amount}",
                                 "demography.mortality.effect.prior.same_as", "amount",
                                 "uncertain"),
    "year without a rule for the end": (MORTALITY, "  beyond: stop\n", "",
                                        "demography.mortality.mx", "", "beyond: hold, stop"),
    "name not in snake case": (SUBSIDY, "age_limit:", "AgeLimit:",
                               "AgeLimit", "AgeLimit", "snake_case"),
    "too short a list": (MORTALITY, "[1, 1.6, 2.4, 5]", "[1, 1.6, 2.4]",
                         "demography.mortality.ratio", "3 values along adl", "4 values"),
    "a ragged list": (MORTALITY, "[1, 1.6, 2.4, 5]", "[1, 1.6, [2.4, 3], 5]",
                      "demography.mortality.ratio", "", "equal length"),
    "no map": (SUBSIDY, "  title: Age limit\n  zh: 年龄\n", "  - title\n",
               "", "", "well-formed YAML"),
    "a source without licence": ("sources.yaml", "  licence: official text\n", "",
                                 "law.licence", "missing", "required"),
    "a source with a wrong date": ("sources.yaml", "retrieved: 2025-11-01", "retrieved: 2025",
                                   "tables.retrieved", "2025", "YYYY-MM-DD"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_and_named(name, spoil):
    file, old, new, key, value, allowed = FAULTS[name]
    folder = spoil(file, old, new)
    with pytest.raises(ParameterError) as caught:
        load(root=folder)
    found = [p for p in caught.value.problems if p.key == key]
    assert found, f"no problem at {key!r}: {caught.value}"
    assert any(value in str(p.value) or value in repr(p.value) for p in found)
    assert any(allowed in p.allowed for p in found)
    assert all(p.file.endswith(file.rsplit("/")[-1]) for p in found)


def test_the_unspoiled_folder_loads(folder):
    assert len(load(root=folder)) == 6


def test_every_fault_is_said_at_once(spoil):
    spoil("policies/subsidy.yaml", "yuan per year", "yuan per yaer")
    spoil("policies/subsidy.yaml", "value: 3\n", "value: 300\n")
    folder = spoil("demography/mortality.yaml", "evidence: recalled", "evidence: hearsay")
    with pytest.raises(ParameterError) as caught:
        load(root=folder)
    keys = {p.key for p in caught.value.problems}
    assert keys == {
        "policies.subsidy.amount.unit",
        "policies.subsidy.age_limit",
        "demography.mortality.effect.evidence",
    }
    for part in ("subsidy.yaml", "yuan per yaer", "300", "0 to 18", "hearsay"):
        assert part in str(caught.value)


def test_an_assumed_value_needs_no_source(folder):
    assert load(root=folder)["demography.mortality.ratio"].sources == ()


def test_units_are_plain_words():
    assert all(unit == unit.strip().lower() and "  " not in unit for unit in UNITS)
