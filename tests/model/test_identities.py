"""What holds exactly at the end of every year of the whole model."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.agents.kin_checks import faults
from songhe.model.model import SongheModel
from songhe.parameters.dims import FUNDS, LEDGERS, PROVINCES
from songhe.parameters.load import load

LAST = 2032
FLOWS_IN = ("revenue", "subsidy", "interest", "transfers", "deficit_financing")
FLOWS_IN += ("opening_adjustment",)
FLOWS_OUT = ("administration", "outlay")


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A model of 8,000 lived to 2032, with the faults in kin found at each year's end."""
    base = base_of_2010.load_or_build(
        load(), 8_000, 5, 0, "official", folder=tmp_path_factory.mktemp("base")
    )
    model = SongheModel(base, load(), luck.key_of(5, 0, 0))
    found = [(2010, fault) for fault in faults(model.people)]
    while model.year < LAST:
        model.step()
        found += [(model.year, fault) for fault in faults(model.people)]
    return model, found


def years(model):
    return range(2011, model.year + 1)


def test_kin_and_homes_are_consistent_at_the_end_of_every_year(lived):
    assert lived[1] == []


def test_population_changes_by_births_deaths_and_moves_alone(lived):
    """In agents, in every province, residence, sex and year."""
    model, _ = lived
    for year in years(model):
        before, now = model.tally.years[year - 1], model.tally.years[year]
        change = (now["population"] - before["population"]).sum(axis=-1)
        moves = now["net_migration"] + now["reclassified"] + now["net_migration_international"]
        assert (change == now["births"] - now["deaths"] + moves).all(), year


def test_moves_inside_the_country_add_up_to_zero(lived):
    model, _ = lived
    for year in years(model):
        now = model.tally.years[year]
        for name in ("net_migration", "reclassified"):
            assert (now[name].sum(axis=(0, 1)) == 0).all()
        assert (now["reclassified"].sum(axis=1) == 0).all()
        assert (now["reclassified"][:, 0] >= 0).all()


def test_tables_of_one_population_agree(lived):
    model, _ = lived
    for now in model.tally.years.values():
        people = now["population"]
        assert (now["population_adl"].sum(axis=-1) == people).all()
        assert (now["population_marital"].sum(axis=-1) == people.sum(axis=0)).all()
        assert (now["population_education"].sum(axis=-1) == people.sum(axis=(0, 1))).all()
        assert now["households_by_size"].sum() == now["households_by_generations"].sum()
        if "deaths" in now:
            assert now["deaths_by_age"].sum() == now["deaths"].sum()


def test_ledgers_close_to_the_fen(lived):
    """Opening + flows = closing by fund, ledger, province and year."""
    model, _ = lived
    before = np.zeros((len(FUNDS), len(LEDGERS), len(PROVINCES)), np.int64)
    closed = [year for year in years(model) if "fund_balance" in model.tally.years[year]]
    assert closed == list(range(closed[0], LAST + 1))
    for year in closed:
        now = model.tally.years[year]
        flows = sum(now[f"fund_{name}"] for name in FLOWS_IN)
        flows = flows - sum(now[f"fund_{name}"] for name in FLOWS_OUT)
        assert (now["fund_balance"] == before + flows).all(), year
        assert now["fund_transfers"].sum() == 0  # accounts move between the pension funds
        alone = [name not in ("employee_pension", "resident_pension") for name in FUNDS]
        assert (now["fund_transfers"].sum(axis=(1, 2))[alone] == 0).all()
        before = now["fund_balance"]


def test_what_a_pension_fund_deals_with_persons_adds_up_over_ages(lived):
    """Contributions, payments and bases to the fen: of both ledgers and all provinces."""
    model, _ = lived
    for year in years(model):
        now = model.tally.years[year]
        for name in ("employee_pension", "resident_pension"):
            fund = FUNDS.index(name)
            for kind in ("revenue", "outlay"):
                by_age = now[f"fund_{kind}_by_age"][fund]
                assert by_age.sum() == now[f"fund_{kind}"][fund].sum(), (name, kind, year)
                assert (by_age >= 0).all()
        bases, pension = now["fund_base_by_age"], FUNDS.index("employee_pension")
        assert bases.sum() == bases[pension].sum() == now["contribution_base"].sum() > 0
    assert not any(now[f"fund_{kind}_by_age"][2:].any() for kind in ("revenue", "outlay"))
    assert now["fund_outlay_by_age"][:2, 70].all()
    assert now["fund_revenue_by_age"][:2, 40].all()


def test_every_flow_has_two_ends(lived):
    model, _ = lived
    assert sum(fund.balance.sum() for fund in model.funds.values()) == -sum(
        ends.sum() for ends in model.counterparts.values()
    )


def test_child_subsidy_outlay_is_eligible_months_times_the_amount(lived):
    model, _ = lived
    fund = FUNDS.index("child_subsidy")
    monthly = 30_000  # fen
    for year in range(2025, LAST + 1):
        now = model.tally.years[year]
        outlay = now["fund_outlay"][fund].sum(axis=0)
        assert (outlay == now["child_subsidy_months"] * monthly).all()
        assert outlay.sum() > 0
    assert model.tally.years[2024]["fund_outlay"][fund].sum() == 0


def test_children_with_a_place_are_never_more_than_the_places(lived):
    model, _ = lived
    for year in years(model):
        now = model.tally.years[year]
        for places, children in (("childcare_places", "childcare_enrolled"),
                                 ("kindergarten_places", "kindergarten_pupils")):  # fmt: skip
            assert 0 < now[children].sum() <= now[places].sum()
        assert now["pupils"][0] == now["kindergarten_pupils"].sum()
        assert (now["pupils"] > 0).all()


def test_free_preschool_is_paid_by_the_two_budgets_alone(lived):
    model, _ = lived
    fund = FUNDS.index("preschool")
    for year in range(2025, LAST + 1):
        now = model.tally.years[year]
        assert now["fund_outlay"][fund].sum() > 0
        assert (now["fund_outlay"][fund] == now["fund_subsidy"][fund]).all()
        assert not now["fund_balance"][fund].any()
        assert now["preschool_waived_months"].sum() > 0
    assert not model.tally.years[2024]["preschool_waived_months"].any()
