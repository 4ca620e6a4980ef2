"""The command `songhe`.

Imports of what a command needs stand inside it, so that help and errors come at once.
Exit codes: 0 done, 1 units failed or nothing found, 2 something wrong in what was asked,
130 interrupted.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..parameters.problems import ParameterError, Problem
from .faults import RunError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .country import CountryPlan, CountrySummary
    from .ensemble import Plan, Summary
    from .place import Place
    from .settings import Settings

LINES_A_KEY = 3
DEFAULT_OUT = "songhe-results"  # in the current folder
app = typer.Typer(
    name="songhe",
    help="Simulate Chinese households person by person: people, services and funds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def whole(text: object) -> Any:
    """A whole number, or the text as it is: what is allowed is said with all other problems."""
    try:
        return int(str(text))
    except ValueError:
        return text


WHOLE: Any = {"parser": whole, "metavar": "N"}
Folder = Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run: a path or a URL.")]
Scenario = Annotated[str, typer.Option(help="Scenario of the run.")]
Draw = Annotated[int, typer.Option(help="Draw, 0 is the central one.", **WHOLE)]
Replicate = Annotated[int, typer.Option(help="Replicate, from 0.", **WHOLE)]
Year = Annotated[int | None, typer.Option(help="Year; the last one by default.", **WHOLE)]


def main() -> None:
    """The entry point: every expected fault becomes a message and an exit code."""
    try:
        app()
    except ParameterError as fault:
        show_problems(fault.problems)
        sys.exit(2)
    except RunError as fault:
        typer.echo(f"error: {fault}", err=True)
        sys.exit(1)
    except OSError as fault:  # a full disk, a folder that was taken away
        typer.echo(f"error: {fault}", err=True)
        sys.exit(1)


def show_problems(problems: Sequence[Problem]) -> None:
    """Every problem in a line of its own on the error output; of one key, the first few."""
    from .settings import OPTION

    told = Counter[tuple[str, str]]()
    for problem in problems:
        where = problem.file, problem.key
        told[where] += 1
        if told[where] <= LINES_A_KEY:
            text = str(problem).removeprefix(f"{OPTION}: ")
            typer.echo(f"error: {text}", err=True)
    for (file, key), count in told.items():
        if count > LINES_A_KEY:
            more = f"{count - LINES_A_KEY} more of the same key"
            typer.echo(f"error: {file}: {key}: {more}", err=True)


@app.command()
def run(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Shipped names or paths of YAML files. Default: baseline, child-subsidy-double, "
            "ltci-delayed.",
        ),
    ] = None,
    persons: Annotated[
        int | None,
        typer.Option(help="Simulated persons in a replicate; default: 40,000.", **WHOLE),
    ] = None,
    replicates: Annotated[
        int | None, typer.Option(help="Replicates, averaged; default: 2.", **WHOLE)
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Parameter draws beside draw 0; default: 20.", **WHOLE)
    ] = None,
    until: Annotated[int, typer.Option(help="Last year.", **WHOLE)] = 2060,
    seed: Annotated[int, typer.Option(help="Seed of all luck.", **WHOLE)] = 1,
    concept: Annotated[str, typer.Option(help="Population concept: official or wpp.")] = "official",
    detail: Annotated[
        str, typer.Option(help="standard, or full: province by single age for every draw.")
    ] = "standard",
    workers: Annotated[
        int | None,
        typer.Option(help="Processes; default: one for each core.", **WHOLE),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, or local.")
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            help="Folder for the results, a path or a URL such as s3://bucket/run; it is resumed "
            "if it holds some."
        ),
    ] = DEFAULT_OUT,
    whole_country: Annotated[
        bool,
        typer.Option(
            "--whole-country",
            help="As many replicates as have the persons of the country, or --replicates, of "
            "which only the mean is kept; defaults are then 1,000,000 persons and no draws.",
        ),
    ] = False,
    no_branching: Annotated[bool, typer.Option("--no-branching", hidden=True)] = False,
) -> None:
    """Simulate scenarios and print what they change. A killed run goes on where it was."""
    from . import api
    from .settings import DEFAULT_SCENARIOS, Settings

    kind: Any = concept
    sizes = api.sizes_of(persons, replicates, draws, kind, whole_country)
    settings: Any = Settings(*sizes, until, seed, kind, detail)  # type: ignore[arg-type]
    with _interruptible(), _progress() as progress:
        asked: dict[str, Any] = {
            "workers": workers, "scheduler": scheduler, "say": _say, "report": progress.advance,
            "announce": lambda plan: progress.begin(plan, out),
        }  # fmt: skip
        names = scenarios or list(DEFAULT_SCENARIOS)
        if whole_country:
            summary: Any = api.carry_out_country(names, settings, out, **asked)
        else:
            asked["branching"] = not no_branching
            summary = api.carry_out(names, settings, out, **asked)
    _conclude(summary, out)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted; what is finished is kept, the same command goes on", err=True)
        raise typer.Exit(130) from None


class _Progress:
    """A bar with the time left, under the lines that say what is run."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.task: Any = None

    def begin(self, plan: "Plan | CountryPlan", out: str) -> None:
        """Say what is about to be run."""
        from .console import country_text, plan_text
        from .ensemble import Plan

        if isinstance(plan, Plan):
            text, number, what = plan_text(plan, out), len(plan.units), "units"
        else:
            text, number, what = country_text(plan, out), sum(plan.missing), "replicates"
        self.bar.console.print(text, highlight=False)
        if number:
            self.bar.start()
            self.task = self.bar.add_task(what, total=number)

    def advance(self, _: Any) -> None:
        """A unit has ended."""
        self.bar.advance(self.task)


@contextmanager
def _progress() -> Iterator[_Progress]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from .console import console

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("elapsed"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    bar = Progress(*columns, console=console(error=True))
    try:
        yield _Progress(bar)
    finally:
        if bar.tasks:
            bar.stop()


def _conclude(summary: "Summary | CountrySummary", out: str) -> None:
    """Tables, score, figures, what is left out; exit code 1 if units failed."""
    from . import api
    from .console import console
    from .terminal import left_out_lines, women_55_lines

    page = console()
    dataset = api.open(out)
    if api.central_is_done(dataset):
        _print_results(dataset, summary.plan.settings, out)
    page.print("\n".join([*women_55_lines(dataset), *left_out_lines()]))
    page.print(f"\nResults in {out}, {summary.seconds:.0f} s; more: songhe compare {out}")
    left_out = getattr(summary, "left_out", [])
    for draw, replicate, reason in left_out:
        typer.echo(f"left out: draw {draw}, replicate {replicate}: {reason}", err=True)
    if summary.failed:
        typer.echo(f"error: {api.failure_text(summary.failed)}", err=True)
    if summary.failed or left_out:
        raise typer.Exit(1)


def _print_results(dataset: "xr.Dataset", settings: "Settings", out: str) -> None:
    from ..analysis.compare import compare
    from ..analysis.plots import write_figures
    from ..analysis.score import score_table
    from ..analysis.score_text import score_text
    from ..parameters.load import load
    from . import api
    from .console import console
    from .faults import storing
    from .place import place_of
    from .terminal import COSTS, SHOWN, base_lines, summary, years_of

    page = console()
    frame = compare(dataset, years=years_of(dataset), preferred=[*SHOWN, *COSTS])
    page.print(summary(frame, dataset, width=page.width))
    lines = base_lines(api.older_people_of_base(), settings.concept)
    page.print("\n".join(lines) + "\n")
    place = place_of(out)
    with storing(place), place.folder() as folder:
        if "baseline" in dataset["scenario"].values:
            score = score_table(dataset, load())
            score.to_csv(folder / "score.csv", index=False)
            page.print(score_text(score, width=page.width))
        figures = write_figures(dataset, folder)
    for path in figures:
        page.print(f"Figure: {place}/{path.name}")


def _figures_folder(figures: str) -> None:
    """Make the folder for figures, in one that exists."""
    folder = Path(figures)
    if folder.is_dir() or (folder.parent.is_dir() and not folder.exists()):
        folder.mkdir(exist_ok=True)
        return
    allowed = "a folder, or a new one in a folder that exists"
    raise ParameterError([Problem("option", "--figures", figures, allowed)])


@app.command()
def compare(
    folder: Folder,
    format: Annotated[str, typer.Option(help="table, csv, parquet or xlsx.")] = "table",
    language: Annotated[str, typer.Option(help="en or zh, for files.")] = "en",
    by_province: Annotated[bool, typer.Option(help="Figures by province, for files.")] = False,
    to: Annotated[
        str | None,
        typer.Option(help="File to write, a path or a URL; default: compare.FORMAT in DIR."),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(help="Folder for a figure (PNG) and a table (CSV) of each scenario."),
    ] = None,
) -> None:
    """Paired differences of scenarios with intervals; births in parts; cost per birth and hour."""
    from ..analysis.cohorts import with_cohorts
    from . import api
    from .console import console
    from .faults import storing
    from .formats import FORMATS, LANGUAGES
    from .place import place_of

    _choices(("--format", format, ("table", *FORMATS)), ("--language", language, LANGUAGES))
    where, _, name = (to or f"{folder.rstrip('/')}/compare.{format}").rpartition("/")
    target = place_of(where or ("/" if to and to.startswith("/") else "."), "--to")
    if format != "table" and to is not None:
        _writable(target, name, to)
    if figures is not None:
        _figures_folder(figures)
    dataset = api.open(folder)
    if not api.central_is_done(dataset):
        typer.echo(f"error: {folder}: no unit of draw 0 is done yet", err=True)
        raise typer.Exit(1)
    if format == "table":
        from .terminal import (
            COSTS,
            EVIDENCE,
            FAMILY,
            SHOWN,
            summary,
            women_55_lines,
            years_of,
        )

        wanted = [*SHOWN, *FAMILY, *EVIDENCE, *COSTS]
        shown = api.compare(dataset, years=years_of(dataset), preferred=wanted)
        page = console()
        page.print(summary(with_cohorts(shown, dataset), dataset, width=page.width))
        page.print("\n".join(women_55_lines(dataset)))
    else:
        from .export import write_comparison

        frame = api.compare(dataset, by_province=by_province)
        frame = frame if by_province else with_cohorts(frame, dataset)
        with storing(target), target.folder() as files:
            write_comparison(frame, dataset, files / name, format, language)
        typer.echo(to or f"{target}/{name}")
    if figures is not None:
        _write_effects(dataset, figures, language)


def _shown_in(language: str) -> str:
    """The language of figures: English, and what to install is said, without a Chinese font."""
    from ..analysis.plot_words import NO_FONT, chinese_font

    if language == "zh" and chinese_font() is None:
        _say(NO_FONT)
        return "en"
    return language


def _write_effects(dataset: "xr.Dataset", folder: str, language: str) -> None:
    """A figure and a table for each scenario: of births in parts, or of what it costs."""
    from ..analysis.compare import reference_of
    from ..analysis.plot_effects import write_effects, write_outlays
    from .export import write_comparison

    def put(path: Path, table: "pd.DataFrame") -> None:
        written = write_comparison(table, dataset, path.with_suffix(".csv"), "csv", language)
        typer.echo(f"Figure: {path}\nTable: {written}")

    drawn, shown = set(), _shown_in(language)
    for path, table in write_effects(dataset, folder, shown):
        put(path, table)
        drawn.add(str(table["scenario"].iloc[0]))
    for scenario in map(str, dataset["scenario"].values):
        other = reference_of(dataset, scenario)
        if other is None or scenario in drawn:
            continue
        found = write_outlays(dataset, scenario, folder, shown)
        if found is None:
            typer.echo(f"No figure of {scenario}: no draw of this run differs from {other}")
        else:
            put(*found)
            typer.echo(f"{scenario}: no answer of births to tell apart, the figure is of outlays")


@app.command()
def actuary(
    folder: Folder,
    fund: Annotated[str, typer.Option(help="Fund of the run.")] = "employee_pension",
    scenario: Scenario = "baseline",
    out: Annotated[str | None, typer.Option(help="CSV file to write as well.")] = None,
    figures: Annotated[
        str | None, typer.Option(help="Folder for figures of all scenarios, as PNG.")
    ] = None,
    language: Annotated[str, typer.Option(help="en or zh, for figures.")] = "en",
) -> None:
    """Members, levels, reserves, required rates and implicit debt of a pension fund."""
    from ..analysis.actuary import (
        MissingResultsError,
        actuarial_frames,
        debt_frame,
        decomposition_frame,
    )
    from ..analysis.compare import LAST_WITHOUT_STRUCTURE, STRUCTURAL, shown_years
    from . import api
    from .console import console
    from .formats import LANGUAGES
    from .terminal import actuary_tables, dry_line, women_55_lines

    dataset = api.open(folder)
    _choices(
        ("--scenario", scenario, [str(name) for name in dataset["scenario"].values]),
        ("--language", language, LANGUAGES),
    )
    if out is not None and (Path(out).is_dir() or not Path(out).absolute().parent.is_dir()):
        raise ParameterError([Problem("option", "--out", out, "a file in a folder that exists")])
    if figures is not None:
        _figures_folder(figures)
    chosen = dataset.sel(scenario=[scenario], year=shown_years(dataset))
    try:
        yearly, valuations = actuarial_frames(chosen, fund)
        changes = decomposition_frame(chosen, fund, int(valuations["since"].iloc[0]))
        debts = debt_frame(chosen, fund)
    except MissingResultsError as missing:
        typer.echo(f"error: {folder}: {missing}", err=True)
        raise typer.Exit(1) from None
    page = console()
    page.print(actuary_tables(yearly, valuations, changes, debts, width=page.width))
    page.print(dry_line(chosen, fund))
    if int(chosen["year"][-1]) > LAST_WITHOUT_STRUCTURE:
        for path in (name for name in STRUCTURAL if name != scenario):
            page.print(f"{path}: {dry_line(dataset.sel(scenario=[path]), fund)}")
    page.print("\n".join(women_55_lines(chosen)))
    if out is not None:
        yearly.to_csv(out, index=False)
        typer.echo(out)
    if figures is not None:
        from ..analysis.actuary_plots import write_actuary_figures

        since = int(valuations["since"].iloc[0])
        for file in write_actuary_figures(dataset, fund, since, figures, _shown_in(language)):
            typer.echo(f"Figure: {file}")


@app.command()
def validate(
    folder: Folder,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="CSV file of published figures, a figure a row; again for more files.",
        ),
    ] = None,
    scenario: Scenario = "baseline",
    out: Annotated[
        str | None, typer.Option(help="CSV file to write; default: validation.csv in DIR.")
    ] = None,
    quantities: Annotated[
        bool, typer.Option("--quantities", help="List what files may name, and write nothing.")
    ] = False,
) -> None:
    """Published figures beside those of a run: the shipped ones and your own, misses first.

    Nothing is fitted to them.
    """
    from ..analysis.score_text import score_text
    from ..analysis.validate import SHIPPED, given_by_user
    from . import api
    from .console import console
    from .faults import storing
    from .place import place_of
    from .terminal import quantities_lines, validation_tables

    dataset, page = api.open(folder), console()
    if quantities:
        typer.echo("\n".join(quantities_lines(dataset)))
        return
    if out is not None and (Path(out).is_dir() or not Path(out).absolute().parent.is_dir()):
        raise ParameterError([Problem("option", "--out", out, "a file in a folder that exists")])
    table = api.validate(dataset, against=against or [], scenario=scenario)
    page.print(score_text(table[table["origin"] == SHIPPED], width=page.width))
    if len(given_by_user(table)):
        concept = str(dataset.attrs["concept"])
        page.print(validation_tables(table, concept, width=page.width))
    if out is not None:
        table.to_csv(out, index=False)
    else:
        place = place_of(folder, "DIR")
        with storing(place), place.folder() as files:
            table.to_csv(files / "validation.csv", index=False)
    typer.echo(out or f"{folder.rstrip('/')}/validation.csv")


def _choices(*chosen: tuple[str, str, Sequence[str]]) -> None:
    problems = [
        Problem("option", name, value, ", ".join(allowed))
        for name, value, allowed in chosen
        if value not in allowed
    ]
    if problems:
        raise ParameterError(problems)


def _writable(target: "Place", name: str, to: str) -> None:
    folder = target.local
    if folder and (not name or (folder / name).is_dir() or not folder.absolute().is_dir()):
        raise ParameterError([Problem("option", "--to", to, "a file in a folder that exists")])


@app.command()
def runs(
    folder: Folder,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every chunk of what is done and check it.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Verify, and have what is damaged lived by the next run."),
    ] = False,
) -> None:
    """List what is done, missing and failed. Exit code 1 if anything is damaged."""
    from . import api
    from .console import console
    from .status import damage_lines, failure_lines, units_table

    page = console()
    damages = api.verify(folder, repair=repair, say=_say) if verify or repair else None
    units = api.status(folder)
    page.print(units_table(units))
    page.print("\n".join(failure_lines(units)))
    if damages is None:
        return
    page.print("\n".join(damage_lines(damages, folder, repaired=repair)))
    if len(damages) and not repair:
        raise typer.Exit(1)


@app.command()
def merge(folder: Folder) -> None:
    """Put many small files of results into few large ones; figures stay the same."""
    from . import api

    typer.echo(f"{folder}: {api.merge(folder, say=_say):,} files")


def _say(text: str) -> None:
    typer.echo(text, err=True)


@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="YAML files, or names of shipped scenarios."),
    ],
    until: Annotated[
        int | None, typer.Option(help="Also refuse series that end before this year.")
    ] = None,
) -> None:
    """Check scenarios and parameter files: every error at once."""
    from .check import check_files

    problems = check_files(files, until)
    if problems:
        raise ParameterError(problems)
    typer.echo(f"{len(files)} file{'s' if len(files) != 1 else ''} sound")


@app.command()
def calibrate(
    persons: Annotated[int, typer.Option(help="Simulated persons.", **WHOLE)] = 150_000,
    replicates: Annotated[int, typer.Option(help="Replicates, averaged.", **WHOLE)] = 1,
    rounds: Annotated[int, typer.Option(help="Lives of 2011 to 2015 at most.", **WHOLE)] = 5,
    seed: Annotated[int, typer.Option(help="Seed of all luck.", **WHOLE)] = 1,
    parameters: Annotated[
        Path | None, typer.Option(help="Folder of parameter files; default: the shipped ones.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the values into the parameter files.")
    ] = False,
) -> None:
    """Fit levels of membership and pensions again, to published figures of 2011 to 2015 alone.

    Prints entries and values as a scenario file gives them. Exit code 1 if they still moved.
    """
    from ..parameters.load import SHIPPED
    from .calibrate import calibrate as fitted
    from .calibrate import entry_lines, write_levels

    root = parameters or SHIPPED
    if not root.is_dir():
        raise ParameterError([Problem("option", "--parameters", str(root), "a folder")])
    found = fitted(persons, seed, replicates, rounds, root, _say)
    for line, before in zip(entry_lines(found.after), found.before.values(), strict=True):
        typer.echo(f"{line}  # was {before.tolist()}")
    if write:
        for file in write_levels(found.after, root):
            typer.echo(f"written: {file}", err=True)
    if not found.settled:
        typer.echo("error: levels still moved in the last round", err=True)
        raise typer.Exit(1)


@app.command()
def plan() -> None:
    """The year, step by step, with what each step reads and writes."""
    from rich import box
    from rich.table import Table

    from ..model.year import YEAR
    from .console import console

    table = Table("", "step", "reads", "writes", box=box.SIMPLE_HEAD)
    for k, step in enumerate(YEAR, start=1):
        table.add_row(str(k), step.name, ", ".join(step.reads), ", ".join(step.writes))
    console().print(table)


@app.command()
def law(
    policy: Annotated[str, typer.Argument(metavar="POLICY")],
    given: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE")] = None,
) -> None:
    """The rule of one policy worked for one person, step by step."""
    from .law import law as worked

    pairs = [item.partition("=") for item in given or []]
    wrong = [
        Problem("law", "", item, "key=value")
        for item, (key, mark, _) in zip(given or [], pairs, strict=True)
        if not key or not mark
    ]
    keys = [key for key, _, _ in pairs]
    wrong += [
        Problem("law", key, f"given {keys.count(key)} times", "each key once")
        for key in dict.fromkeys(keys)
        if keys.count(key) > 1
    ]
    if wrong:
        raise ParameterError(wrong)
    for line in worked(policy, {key: value for key, _, value in pairs}):
        typer.echo(line)


@app.command()
def constants(
    folder: Folder,
    scenario: Scenario = "baseline",
    draw: Draw = 0,
    replicate: Replicate = 0,
    every: Annotated[
        bool, typer.Option("--every", help="Every cell and year, as comma-separated lines.")
    ] = False,
) -> None:
    """The constants that tie the baseline to known levels, by year."""
    from . import api
    from .console import console
    from .constants import constants_table, findings_lines

    values = _unit(api.open(folder), scenario, draw, replicate)["constants"].load()
    if not every:
        page = console()
        page.print(constants_table(values, page.width))
        page.print("\n".join(["", *findings_lines(values)]))
        return
    typer.echo("constant,year,value")
    for name, column in zip(values["constant"].values, values.values.T, strict=True):
        for year, value in zip(values["year"].values, column, strict=True):
            if value == value:  # a year without the constant is NaN
                typer.echo(f'"{name}",{year},{value:.6g}')


def _unit(dataset: "xr.Dataset", scenario: str, draw: int, replicate: int) -> "xr.Dataset":
    """One unit of the results."""
    wanted = {"scenario": scenario, "draw": draw, "replicate": replicate}
    problems = [
        Problem("option", f"--{dim}", value, ", ".join(str(v) for v in dataset[dim].values))
        for dim, value in wanted.items()
        if value not in dataset[dim].values.tolist()
    ]
    if problems:
        raise ParameterError(problems)
    return dataset.sel(wanted)


@app.command()
def person(
    folder: Folder,
    identity: Annotated[str, typer.Argument(metavar="PERSON", help="Id, such as 41207.2.1.")],
    year: Year = None,
    scenario: Scenario = "baseline",
    draw: Draw = 0,
    replicate: Replicate = 0,
) -> None:
    """One person of a run, who is lived again for it."""
    from . import api

    place: dict[str, Any] = {"scenario": scenario, "draw": draw, "replicate": replicate}
    with _nobody_found():
        _print_fields(api.person(folder, identity, year=year, **place))


@app.command()
def household(
    folder: Folder,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the household.")],
    year: Year = None,
    scenario: Scenario = "baseline",
    draw: Draw = 0,
    replicate: Replicate = 0,
) -> None:
    """One household of a run and its members."""
    from . import api

    place: dict[str, Any] = {"scenario": scenario, "draw": draw, "replicate": replicate}
    with _nobody_found():
        found = api.household(folder, number, year=year, **place)
    typer.echo(f"household {found.number}: {found.province}, {found.residence}")
    for member in found.members:
        typer.echo(
            f"  {member.id}: {member.sex}, {member.age}, {member.marital}, {member.education}"
        )


@contextmanager
def _nobody_found() -> Iterator[None]:
    """An id or number of nobody ends with code 1, one that cannot be read with 2."""
    try:
        yield
    except ParameterError:
        raise
    except (LookupError, ValueError) as fault:
        typer.echo(f"error: {fault.args[0]}", err=True)
        raise typer.Exit(1 if isinstance(fault, LookupError) else 2) from None


def _print_fields(record: Any) -> None:
    for name, value in vars(record).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        typer.echo(f"{name}: {'-' if shown in (None, '') else shown}")


if __name__ == "__main__":
    main()
