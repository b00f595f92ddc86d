"""What stops only a part of a ledger? One company or one flow rests for a while, and the others go on.

A credential that is refused, a ledger that is down or closed, and whatever stops every part stop the whole lane.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from audit.models import Problem, ProblemState
from audit.sync.lanes import LeaseLostError, database_now
from audit.sync.recorder import Cause, Recorder
from connectors.errors import AuthenticationError, BlockedError, ConnectorError, DecryptionError, RetryableError
from connectors.models import Connection
from mappings.models import Flow

logger = logging.getLogger(__name__)

AGAIN = timedelta(seconds=60)
PART = "stopped_part"  # the fact of a problem that names the company or flow it stops


class Stopped:
    """What one turn of a post lane found stopped."""

    def __init__(self, connection: Connection, actor: str) -> None:
        self.connection = connection
        self.actor = actor
        self.companies: dict[str, ConnectorError] = {}
        self.flows: dict[int, Exception] = {}
        self._went_well: set[str] = set()

    @contextmanager
    def alone(self, company: str, flow: Flow | None = None) -> Iterator[None]:
        """Work for one company or flow, whose failure stops no other. Raises what concerns the whole ledger, and,
        outside any flow, errors of ours."""
        try:
            yield
        except (LeaseLostError, RetryableError, AuthenticationError, DecryptionError):
            raise
        except ConnectorError as error:
            if flow is None or isinstance(error, BlockedError):
                self.companies.setdefault(company, error)
            else:
                self.flows.setdefault(flow.pk, error)
        except Exception as error:
            if flow is None:
                raise
            logger.exception("flow failed", extra={"flow": flow.pk})
            self.flows.setdefault(flow.pk, error)
        else:
            if flow is not None:
                self._went_well |= {_of_company(company), _of_flow(flow.pk)}

    def has(self, flow: Flow) -> bool:
        """Whether nothing more is done for a flow in this turn."""
        return flow.company in self.companies or flow.pk in self.flows

    def again(self) -> datetime | None:
        """When what is stopped is tried again; None where nothing is."""
        return database_now() + AGAIN if self.companies or self.flows else None

    def tell(self, flows: Sequence[Flow]) -> None:
        """Make problems of what is stopped, and solve those of what works again. Where all flows are stopped, it is
        not a part of the ledger: raises what stopped the first."""
        if (self.companies or self.flows) and all(self.has(flow) for flow in flows):
            raise next(iter([*self.companies.values(), *self.flows.values()]))
        recorder = Recorder(self.connection.tenant_id, self.actor)
        for company, error in self.companies.items():
            recorder.notice(self._cause(error, f"company {company}", _of_company(company)))
        for flow in flows:
            if flow.pk in self.flows and flow.company not in self.companies:
                recorder.notice(self._cause(self.flows[flow.pk], str(flow), _of_flow(flow.pk), flow))
        with transaction.atomic():
            recorder.solve(self._works_again(), "It works again.")
            recorder.flush()

    def _works_again(self) -> list[int]:
        stopped = {*map(_of_company, self.companies), *map(_of_flow, self.flows)}
        parts = self._went_well - stopped
        if not parts:
            return []
        rows = Problem.objects.filter(connection=self.connection, state=ProblemState.OPEN, facts__has_key=PART)
        return [pk for pk, facts in rows.values_list("id", "facts") if facts[PART] in parts]

    def _cause(self, error: Exception, what: str, part: str, flow: Flow | None = None) -> Cause:
        facts: dict[str, str] = {PART: part}
        if isinstance(error, ConnectorError):
            code, said = error.code, error.message
        else:
            code, said = "internal", f"an internal error ({type(error).__name__}) stopped it."
            facts["traceback"] = "".join(traceback.format_exception(error))[-4000:]
        return Cause(
            code,
            f"{self.connection.name}, {what}: {said}",
            value=f"{part}/{code}",
            flow_id=flow.pk if flow else None,
            connection_id=self.connection.pk,
            advice="The others go on. Mend it in the ledger or in the set-up; it goes on by itself then.",
            facts=facts,
        )


def _of_company(company: str) -> str:
    return f"company {company}"


def _of_flow(flow_id: int) -> str:
    return f"flow {flow_id}"
