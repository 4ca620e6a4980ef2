"""The library: what `import songhe` offers, and what the command is made of."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, cast

from ..parameters.problems import ParameterError, Problem
from .faults import RunError, storing
from .place import Place, place_of
from .settings import (
    DEFAULT_SCENARIOS,
    FORMAT,
    LIMITS,
    OPTION,
    STORE,
    Detail,
    Settings,
    Work,
    folder_problems,
    option_problems,
    resolve,
    work_of,
)
from .writer import Say, one_writer, silent

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ..model.model import SongheModel
    from ..model.views import Household, Person
    from ..parameters.load import Parameters
    from ..parameters.rates import Concept
    from .country import CountryPlan, CountrySummary
    from .ensemble import Plan, Summary
    from .executors import Outcome
    from .scenario import Scenario

PATIENCE = 50  # tenths of a second until a store that is written anew must be in its place
Scenarios = str | Path | Sequence[str | Path]


def run(
    scenarios: Scenarios = DEFAULT_SCENARIOS,
    *,
    persons: int | None = None,
    replicates: int | None = None,
    draws: int | None = None,
    until: int = 2060,
    seed: int = 1,
    concept: "Concept" = "official",
    detail: Detail = "standard",
    workers: int | None = None,
    scheduler: str | None = None,
    out: Path | str | None = None,
    whole_country: bool = False,
) -> "xr.Dataset":
    """Simulate scenarios; the results as one labelled data set.

    Parameters
    ----------
    scenarios : names of shipped scenarios, or paths of YAML files
    persons : agents in a replicate, 500 or more; None is 40,000
    replicates : None is 2
    draws : parameter draws beside draw 0; None is 20
    workers : processes; None is one for each core, at most one for each unit
    scheduler : address of a Dask scheduler, or "local", in place of own processes
    out : folder that keeps the results, and is resumed if it holds some, as a path or a URL
        that fsspec knows (`s3://bucket/run`); None keeps them as long as the process lives
    whole_country : as many replicates as have the persons of the country (fewer if
        `replicates` says so), of which the mean is stored; None is then 1,000,000 persons and
        no draws beside draw 0

    Raises
    ------
    ParameterError
        With everything that is wrong in what was asked for, before anything is written.
    RunError
        If units failed twice, or results could not be stored. What succeeded is in the folder,
        if one was given.
    """
    sizes = sizes_of(persons, replicates, draws, concept, whole_country)
    settings = Settings(*sizes, until, seed, concept, detail)
    names = [scenarios] if isinstance(scenarios, str | Path) else list(scenarios)
    place = _passing_folder() if out is None else out
    carried = carry_out_country if whole_country else carry_out
    summary = carried(names, settings, place, workers=workers, scheduler=scheduler)
    if summary.failed:
        raise RunError(failure_text(summary.failed))
    return open(place)


def sizes_of(
    persons: int | None,
    replicates: int | None,
    draws: int | None,
    concept: "Concept",
    whole_country: bool,
) -> tuple[int, int, int]:
    """Persons, replicates and draws as they are where nobody says otherwise."""
    usual = Settings()
    if not whole_country:
        given = zip((persons, replicates, draws), (usual.persons, usual.replicates, usual.draws),
                    strict=True)  # fmt: skip
        persons, replicates, draws = (n if value is None else value for value, n in given)
        return persons, replicates, draws
    from .country import PERSONS, needed_replicates

    persons = PERSONS if persons is None else persons
    if replicates is None and not option_problems(persons=persons, concept=concept):
        replicates = needed_replicates(Settings(persons=persons, concept=concept))
        if problems := option_problems(replicates=replicates):
            low = ceil(persons * replicates / LIMITS["replicates"][1])
            allowed = f"{low:,} or more for the whole country, or fewer --replicates"
            raise ParameterError([problems[0]._replace(key="--persons", value=persons,
                                                       allowed=allowed)])  # fmt: skip
    return persons, 1 if replicates is None else replicates, 0 if draws is None else draws


def _passing_folder() -> Path:
    """A folder that goes when the process ends: results are read from it as they are used."""
    folder = tempfile.mkdtemp(prefix="songhe-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def carry_out(
    names: Sequence[str | Path],
    settings: Settings,
    out: Place | Path | str,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    branching: bool = True,
    announce: "Callable[[Plan], None]" = lambda _: None,
    report: "Callable[[Outcome], None]" = lambda _: None,
    say: Say = silent,
) -> "Summary":
    """Run with calls before the first unit and after every unit.

    say : told what a user should know beside that

    Raises
    ------
    ParameterError
        With everything that is wrong in options, scenarios and folder at once, and if another
        client writes to the folder.
    RunError
        If results cannot be stored.
    """
    from . import ensemble
    from .merge import make_ready, settle
    from .store import Store

    scenarios, place = _checked(names, settings, out, workers, scheduler)
    work, record = ensemble.check(scenarios, settings, place, branching=branching)
    with one_writer(place, say) as writer:
        with storing(place):
            settle(place)
            make_ready(place, work, say)
            store = Store.at(place, work, record)
        plan = ensemble.plan_of(store, work, workers or os.cpu_count() or 1)
        announce(plan)
        return ensemble.carry_out(
            store, work, plan, scheduler=scheduler, report=report, writer=writer
        )


def carry_out_country(
    names: Sequence[str | Path],
    settings: Settings,
    out: Place | Path | str,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    announce: "Callable[[CountryPlan], None]" = lambda _: None,
    report: "Callable[[Outcome], None]" = lambda _: None,
    say: Say = silent,
) -> "CountrySummary":
    """Stream `settings.replicates` replicates into their mean; else as `carry_out`.

    Raises
    ------
    ParameterError
        With everything that is wrong in options, scenarios and folder at once, and if another
        client writes to the folder.
    RunError
        If three replicates fail one after another, or if results cannot be stored.
    """
    from . import country, ensemble
    from .merge import make_ready, settle
    from .store import Store

    scenarios, place = _checked(names, settings, out, workers, scheduler)
    work, record = ensemble.check(scenarios, settings, place, averaged=True)
    if problems := country.country_problems(work):
        raise ParameterError(problems)
    mean = work._replace(settings=replace(settings, replicates=1))
    with one_writer(place, say) as writer:
        with storing(place):
            settle(place)
            make_ready(place, mean, say)
            store = Store.at(place, mean, record)
        whole = country.Country(store, work, record, writer)
        plan = whole.plan(workers or os.cpu_count() or 1, country.trial)
        announce(plan)
        return whole.carry_out(plan, scheduler=scheduler, report=report)


def _checked(
    names: Sequence[str | Path],
    settings: Settings,
    out: Place | Path | str,
    workers: int | None,
    scheduler: str | None,
) -> "tuple[list[Scenario], Place]":
    """The scenarios and the place, or everything that is wrong with what was asked."""
    options = {**vars(settings), **({} if workers is None else {"workers": workers})}
    problems = [*option_problems(**options), *folder_problems(out)]
    if scheduler is not None:
        from .on_dask import scheduler_problems

        problems += scheduler_problems(scheduler)
    try:
        scenarios = resolve(names)
    except ParameterError as fault:
        problems += fault.problems
    if problems:
        raise ParameterError(problems)
    return scenarios, place_of(out)


def failure_text(failed: "Sequence[Outcome]") -> str:
    """The units that failed, each named with its reason."""
    lines = [
        f"draw {o.unit.draw}, replicate {o.unit.replicate} "
        f"({', '.join(o.unit.scenarios)}): {o.error}"
        for o in failed
    ]
    count = len(failed)
    head = f"{count} unit{'s' if count != 1 else ''} failed twice; the others are stored"
    return "\n  ".join([head + ":", *lines])


def open(folder: Path | str) -> "xr.Dataset":
    """Results of a folder, read as they are used.

    Large tables by province and age are best selected before they are added up:
    `results["population"].sel(draw=0)`.

    Raises
    ------
    ParameterError
        If the folder holds no results.
    """
    import xarray as xr

    place = existing(folder)
    from .checksum import checked

    try:
        with checked():
            found: xr.Dataset = xr.open_zarr(
                place.zarr_store(STORE), consolidated=False, chunks=None
            )
    except ParameterError:
        raise
    except Exception as fault:  # whatever a damaged file makes of it
        raise _damaged(folder, f"{type(fault).__name__} on reading") from fault
    if found.attrs.get("format") != FORMAT or "done" not in found.variables:
        raise _damaged(folder, "no complete data set of this version")
    return found


def existing(folder: Path | str) -> Place:
    """The place of a folder that holds results; ParameterError if it holds none."""
    from .merge import is_unsettled, settle

    place = place_of(folder, "DIR")
    for _ in range(PATIENCE):
        if not is_unsettled(place):
            break
        try:
            with one_writer(place, option="DIR"):
                settle(place)
        except ParameterError:  # who merges it at this moment is about to put it in its place
            sleep(0.1)
    if not place.exists(f"{STORE}/zarr.json"):
        allowed = "a folder that `songhe run` has written"
        raise ParameterError([Problem(OPTION, "DIR", str(folder), allowed)])
    return place


def _damaged(folder: Path | str, what: str) -> ParameterError:
    allowed = "a folder whose results this version of songhe has written, undamaged"
    return ParameterError([Problem(OPTION, "DIR", f"{folder}: {what}", allowed)])


def status(folder: Path | str) -> "pd.DataFrame":
    """Every unit of a folder, one a row.

    Returns
    -------
    scenario, draw, replicate; state: "done", "missing" or "failed"; reason and when of a
    failure (UTC); person_years and seconds of what is done

    Raises
    ------
    ParameterError
        If the folder holds no results.
    """
    from .audit import Audit

    return Audit(existing(folder)).units()


def verify(folder: Path | str, *, repair: bool = False, say: Say = silent) -> "pd.DataFrame":
    """Read every chunk of every unit that is done; the damaged and lost ones, one a row.

    repair : take back that their units are done, so that the next run lives these again

    Returns
    -------
    array, scenario, draw, replicate, what: "damaged" or "absent"; labels belong to no unit

    Raises
    ------
    ParameterError
        If the folder holds no results, or if another client writes to one to be repaired.
    """
    import pandas as pd

    from .audit import Audit
    from .merge import rewrite

    place = existing(folder)
    if not repair:
        audit = Audit(place)
        found = list(audit.damages())
    else:
        with one_writer(place, say, "DIR"), storing(place):
            audit = Audit(place, mode="r+")
            found = list(audit.damages())
            audit.repair_labels(found)
            units = {one.where for one in found if one.where is not None}
            if units and audit.about.get("merged"):
                rewrite(place, merged=False, without=units)
            else:
                audit.take_back(units)
    rows = [
        (one.array, *((audit.scenarios[one.where[0]], *one.where[1:]) if one.where else ("",) * 3),
         one.what)
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["array", "scenario", "draw", "replicate", "what"])


def merge(folder: Path | str, *, say: Say = silent) -> int:
    """Write the results of a folder into few large files; how many there are afterwards.

    Figures stay the same. A run that adds to merged results takes them apart first.

    Raises
    ------
    ParameterError
        If the folder holds no results or damaged ones, is no folder of this machine, or if
        another client writes to it.
    """
    from .merge import merge as merge_store

    place = existing(folder)
    with one_writer(place, say, "DIR"), storing(place):
        return merge_store(place)


def central_is_done(results: "xr.Dataset") -> bool:
    """Whether draw 0 of any scenario is done, so that there is something to show."""
    return bool((results["done"].sel(draw=0) > 0).any())


def compare(results: "xr.Dataset | Path | str", **choices: Any) -> "pd.DataFrame":
    """Levels, paired differences and costs, one figure a row.

    results : a data set, or the folder of a run; choices : as for `analysis.compare.compare`
    """
    from ..analysis.compare import compare as compare_dataset

    return compare_dataset(_dataset(results), **choices)


def validate(
    results: "xr.Dataset | Path | str",
    *,
    against: Sequence[Path | str] = (),
    scenario: str = "baseline",
) -> "pd.DataFrame":
    """The run beside published figures, one a row: those shipped, and a user's own.

    results : a data set, or the folder of a run
    against : CSV files with a figure a row; nothing is ever fitted to them
    scenario : the one that is held against them

    Returns
    -------
    As `analysis.validate.validate`: the user's figures first, the largest errors first

    Raises
    ------
    ParameterError
        With everything that is wrong in the files and the results.
    """
    from ..analysis.validate import validate as validate_dataset

    dataset = _dataset(results)
    files = [against] if isinstance(against, str | Path) else list(against)
    return validate_dataset(dataset, _parameters_of(dataset, scenario), files, scenario)


def _parameters_of(dataset: "xr.Dataset", scenario: str) -> "Parameters":
    """Those of a scenario at their medians; of one that is not in the results, the shipped ones."""
    from ..parameters.load import load
    from .scenario import load_scenario, shipped_names

    about = dataset.attrs.get("scenario_texts", {}).get(scenario)
    if about is None or scenario == "baseline":
        return load()
    return load_scenario(scenario if scenario in shipped_names() else about["file"]).parameters(
        load()
    )


def _dataset(results: "xr.Dataset | Path | str") -> "xr.Dataset":
    return open(results) if isinstance(results, str | Path) else results


def person(
    results: "xr.Dataset | Path | str",
    identity: int | str,
    *,
    year: int | None = None,
    scenario: str = "baseline",
    draw: int = 0,
    replicate: int = 0,
) -> "Person":
    """One person at the end of a year; the unit is lived again to find them.

    identity : a path such as "41207.2.1", or the number that it stands for
    year : the last of the results by default

    Raises
    ------
    LookupError
        If nobody of that id is alive in that year.
    ParameterError
        If the results cannot be lived again with these sources, values or scenarios.
    """
    return _lived(results, year, scenario, draw, replicate).person(identity)


def household(
    results: "xr.Dataset | Path | str",
    number: int,
    *,
    year: int | None = None,
    scenario: str = "baseline",
    draw: int = 0,
    replicate: int = 0,
) -> "Household":
    """One family household at the end of a year, by its number; see `person`."""
    return _lived(results, year, scenario, draw, replicate).household(number)


def _lived(
    results: "xr.Dataset | Path | str", year: int | None, scenario: str, draw: int, replicate: int
) -> "SongheModel":
    about = _dataset(results).attrs
    until = int(about["until"])
    year = until if year is None else year
    problems = [] if isinstance(year, int) and 2010 <= year <= until else [
        Problem(OPTION, "--year", year, f"a year from 2010 to {until}")
    ]  # fmt: skip
    if scenario not in about["scenario_texts"]:
        allowed = ", ".join(about["scenario_texts"])
        problems.append(Problem(OPTION, "--scenario", scenario, allowed))
    for name, value in (("--draw", draw), ("--replicate", replicate)):
        if not isinstance(value, int) or value < 0:
            problems.append(Problem(OPTION, name, value, "a whole number from 0"))
    if problems:
        raise ParameterError(problems)
    file = about["scenario_texts"][scenario]["file"]
    settings = Settings(
        int(about["persons"]), 1, 0, until, int(about["seed"]),
        cast("Concept", about["concept"]), cast(Detail, about["detail"]),
    )  # fmt: skip
    _same_values(about, scenario, settings, file)
    return _model_at(settings, scenario, file, draw, replicate, year)


def _same_values(about: dict[str, Any], scenario: str, settings: Settings, file: str) -> None:
    """Refuse to live with other values or another model than those of the results."""
    from .build import instructions
    from .record import sources

    problems = []
    if about["key"]["sources"] != sources():
        allowed = "results of the model as it is now; its sources have changed since that run"
        problems.append(Problem(OPTION, "DIR", "model sources", allowed))
    here, there = instructions(), about["key"].get("instructions")
    if here != there:
        allowed = f"a processor with {there}, whose arithmetic the results were made with"
        problems.append(Problem(OPTION, "DIR", f"vector instructions {here}", allowed))
    if _work(settings, scenario, file).case(scenario).key != about["scenario_keys"][scenario]:
        allowed = "the values that the results were made with"
        problems.append(Problem(OPTION, f"scenario {scenario}", "other values", allowed))
    if problems:
        raise ParameterError(problems)


def _work(settings: Settings, scenario: str, file: str) -> Work:
    from .scenario import shipped_names

    return work_of(resolve([scenario if scenario in shipped_names() else file]), settings)


@lru_cache(maxsize=2)
def _model_at(
    settings: Settings, scenario: str, file: str, draw: int, replicate: int, year: int
) -> "SongheModel":
    """A lived model, kept for the next look at it."""
    from .unit import Unit, live_until

    unit = Unit(draw, replicate, (scenario,))
    return live_until(_work(settings, scenario, file), scenario, unit, year)


def older_people_of_base() -> dict[str, dict[int, float]]:
    """People of 60, 65 and 80 and over at the end of 2010 under both population concepts."""
    from ..agents.base_counts import year_end_counts
    from ..parameters.load import load

    concepts: tuple[Concept, ...] = ("official", "wpp")
    found = {}
    for concept in concepts:
        by_age = year_end_counts(load(), concept)
        by_age = by_age.reshape(-1, by_age.shape[-1]).sum(axis=0)
        found[str(concept)] = {age: float(by_age[age:].sum()) for age in (60, 65, 80)}
    return found
