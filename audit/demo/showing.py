"""What does a person at the terminal see? A progress bar, then tables and one verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from audit.demo.counting import LABELS, NAMES_SHOWN
from audit.demo.people import Login
from audit.demo.report import ProblemLine, Report, Reports
from audit.demo.watching import Standing
from audit.services import Tally

PROBLEMS_SHOWN = 12
NO_FLOW = "(taken by no flow)"
PARTS = {
    "received": "Re-\nceived", "posted": "Posted", "witness": "Wit-\nness", "held": "Held", "skipped": "Skip-\nped",
    "failed": "Failed", "in_work": "In\nwork", "not_final": "Not\nfinal",
}  # fmt: skip
"""Columns of the tally and their heads, cut so that the table fits into 80 columns."""


class Bar:
    """One bar over the whole run: what is being done, records decided, posted and held."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def say(self, step: str) -> None:
        self._progress.update(self._task, description=step)

    def expect(self, records: int) -> None:
        self._progress.update(self._task, total=records)

    def look(self, now: Standing) -> None:
        words = f"{now.received} read, {now.posted} posted, {now.held} held"
        self._progress.update(self._task, completed=now.decided, words=words)

    def finish(self) -> None:
        self._progress.update(self._task, description="Done", total=1, completed=1)


@contextmanager
def bar(console: Console) -> Iterator[Bar]:
    """Shown while the block runs. Where there is no terminal only the last state is printed."""
    columns = (
        TextColumn("[bold]{task.description:<28}"), BarColumn(bar_width=None), TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, expand=True) as progress:
        yield Bar(progress, progress.add_task("Starting", total=None, words=""))


def show_reports(console: Console, reports: Reports) -> None:
    """The tables and the verdict of each company."""
    for report in reports.all:
        console.print()
        console.rule(f"[bold]Brex into {report.ledger}", align="left")
        console.print(_flows(report))
        console.print(_problems(report.problems))
        console.print(_documents(report))
        if report.ties:
            said = f"every record is accounted for, and {report.ledger} holds each document once."
            console.print(f"[bold green]It ties:[/] {said}")
            continue
        console.print("[bold red]It does not tie:[/]")
        for sentence in complaints(report):
            console.print(f"  {escape(sentence)}", soft_wrap=True)


def complaints(report: Report) -> list[str]:
    """What does not tie, in sentences."""
    counted, ledger = report.counted, report.ledger
    named = (
        (f"are not in {ledger}", counted.missing), (f"stand in {ledger} more than once", counted.twice),
        (f"are in {ledger} and unknown to us", counted.strangers), (f"differ in {ledger}", counted.different),
        (f"are in {ledger} but not in its books", counted.not_in_books),
    )  # fmt: skip
    said = [
        f"{len(stamps)} documents {what}: {', '.join(stamps[:NAMES_SHOWN])}{' …' if len(stamps) > NAMES_SHOWN else ''}"
        for what, stamps in named
        if stamps
    ]
    if counted.open_postings:
        said.append(f"{counted.open_postings} postings are still under way.")
    said += [f"{name}: the records do not add up." for name, tally in report.flows.items() if not tally.ties]
    received = sum(tally.received for tally in [*report.flows.values(), *report.unrouted.values()])
    if received != report.records:
        said.append(f"{report.records} records are stored, {received} are counted.")
    return said


def show_access(console: Console, url: str, logins: Iterable[Login]) -> None:
    """Where to sign in, and as whom."""
    table = Table(box=box.SIMPLE, title="Sign in", title_justify="left", title_style="bold")
    for head in ("User", "Password", "May"):
        table.add_column(head)
    for login in logins:
        table.add_row(login.user, login.password, login.may)
    console.print(table)
    console.print(f"The admin is ready: [bold]{url}/admin/[/]   (Ctrl-C ends everything)", soft_wrap=True)


def _flows(report: Report) -> Table:
    table = _table("Received = posted + witness + held + skipped + failed + in work + not final")
    table.add_column("Flow", no_wrap=True)
    for head in PARTS.values():
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("Ties", no_wrap=True)
    total = Tally()
    rows = [*report.flows.items(), *((NO_FLOW, tally) for tally in report.unrouted.values())]
    for name, tally in rows:
        table.add_row(escape(name), *_numbers(tally), _tick(tally.ties))
        for part in PARTS:
            setattr(total, part, getattr(total, part) + getattr(tally, part))
    table.add_section()
    table.add_row("[bold]All", *_numbers(total), _tick(total.ties and total.received == report.records))
    return table


def _numbers(tally: Tally) -> list[str]:
    return [str(getattr(tally, part)) if getattr(tally, part) else "[dim]-[/]" for part in PARTS]


def _problems(lines: list[ProblemLine]) -> Table:
    table = _table("Open problems, with the records that each holds for a person")
    table.expand = True
    table.add_column("Problem", no_wrap=True)
    table.add_column("Problems", justify="right", no_wrap=True)
    table.add_column("Records", justify="right", no_wrap=True)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, ratio=1)
    for line in lines[:PROBLEMS_SHOWN]:
        table.add_row(line.code.replace("_", " "), str(line.problems), str(line.records), escape(line.example))
    return table


def _documents(report: Report) -> Table:
    table = _table(f"Documents: what we posted, and what {report.ledger} itself counts")
    for head in ("Books", "Documents", ""):
        table.add_column(head, no_wrap=True)
    for head in ("Posted\nby us", "In the\nledger", "Our\ntotal", "The ledger's\ntotal"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("Ties", no_wrap=True)
    for row in report.counted.rows:
        table.add_row(
            report.books.get(row.company, "all"), LABELS[row.type], row.currency, str(row.ours), str(row.in_ledger),
            _money(row.our_total, row.currency), _money(row.ledger_total, row.currency), _tick(row.ties),
        )  # fmt: skip
    return table


def _table(title: str) -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=0, title=title, title_justify="left", title_style="bold")


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f}" if currency else ""


def _tick(is_right: bool) -> str:
    return "[green]yes[/]" if is_right else "[bold red]no[/]"
