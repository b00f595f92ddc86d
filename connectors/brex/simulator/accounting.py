"""How does the simulated Accounting API (v3, alpha) list records and take export results?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route
from connectors.brex.simulator.errors import ApiError, invalid
from connectors.brex.simulator.state import Item, Store, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

REVIEW_STATUSES = ("PREPARE", "REVIEW", "READY_FOR_EXPORT", "EXPORTED")
SOURCE_TYPES = ("CARD", "REIMBURSEMENT", "BILL")
MOST_RECORDS = 500
_READ = ("accounting.record.read", "accounting.record.write")


class AccountingApi:
    """`/v3/accounting/records` and export results. https://developer.brex.com/openapi/accounting_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        base = "/v3/accounting"
        return [
            Route("GET", f"{base}/records", self.list_records, _READ),
            Route("GET", f"{base}/records/<record_id>", self.get_record, _READ),
            Route("POST", f"{base}/records/export-results", self.export_results, ("accounting.record.write",)),
        ]

    def list_records(self, call: ApiCall) -> Response:
        switches = self.simulator.switches
        status = call.choice("review_status", REVIEW_STATUSES)
        source_type = call.choice("source_type", SOURCE_TYPES)
        single = call.flag("single_entry")
        if status and source_type == "BILL" and switches.bill_with_review_status == "refuse":
            raise invalid("review_status is only supported with CARD and REIMBURSEMENT source types.")
        ids = call.many("ids")
        if len(ids) > MOST_RECORDS:
            raise invalid(f"ids may hold at most {MOST_RECORDS} values.")
        store = self.simulator.store.records
        if ids and switches.unknown_ids == "not_found" and any(one not in store for one in ids):
            raise ApiError(404, "The requested accounting record was not found.")
        bounds = {name: call.moment(f"updated_at[{name}]") for name in ("gt", "gte", "lt", "lte")}
        wanted = set(ids)

        def match(record: Item) -> bool:
            return (
                (not wanted or record["id"] in wanted)
                and (source_type is None or record["source_type"] == source_type)
                and not (status and record["source_type"] == "BILL" and switches.bill_with_review_status == "refuse")
                and (bounds["gt"] is None or record["updated_at"] > bounds["gt"])
                and (bounds["lt"] is None or record["updated_at"] < bounds["lt"])
                and self._is_visible(record)
            )

        page = call.page(
            self._only(wanted) if wanted else store,
            maximum=MOST_RECORDS,
            match=match if not (wanted and status) else lambda one: match(one) and one["review_status"] == status,
            show=lambda record: self.show(call, record, single),
            low=max(bounds["gt"] or "", bounds["gte"] or ""),
            high=min((one for one in (bounds["lt"], bounds["lte"]) if one), default=""),
            group=None if wanted else status,
            reverse=switches.list_order == "descending",
        )
        page["has_next_page"] = page["next_cursor"] is not None
        unfiltered = not (wanted or source_type or any(bounds.values()))
        page["total_count"] = store.count(status) if unfiltered and switches.total_count else None
        return json_response(page)

    def get_record(self, call: ApiCall, record_id: str) -> Response:
        record = self.simulator.store.records.get(record_id)
        if record is None or not self._is_visible(record):
            raise ApiError(404, "The requested accounting record was not found.")
        return json_response(self.show(call, record, call.flag("single_entry")))

    def show(self, call: ApiCall, record: Item, single_entry: bool = False) -> Item:
        """The record as sent: fresh receipt links; with `single_entry` without its offsetting lines."""
        shown = public(record)
        if record.get("receipts"):
            links = self.simulator.files.links
            shown["receipts"] = [
                {"id": one["id"], "download_uris": links(call.request, one["id"])} for one in record["receipts"]
            ]
        lines = record["line_items"]
        shown["line_items"] = [public(one) for one in lines if not (single_entry and one.get("_offset"))]
        return shown

    def export_results(self, call: ApiCall) -> Response:
        """All or nothing: every element is checked before the first record moves."""
        switches, store = self.simulator.switches, self.simulator.store
        results = call.body().get("results")
        if not isinstance(results, list) or not 1 <= len(results) <= switches.max_export_results:
            raise invalid(f"results must hold 1 to {switches.max_export_results} elements.")
        for one in results:
            _check_result(one)
        ids = [str(one["accounting_record_id"]) for one in results]
        if duplicates := sorted({one for one in ids if ids.count(one) > 1} if len(set(ids)) < len(ids) else set()):
            raise _refusal(422, "DUPLICATE_ACCOUNTING_RECORD_IDS", "duplicate_accounting_record_ids", duplicates)
        if unknown := [one for one in ids if one not in store.records]:
            raise _refusal(404, "NOT_FOUND", "not_found_export_entry_source_ids", unknown)
        if unready := [one for one in ids if not self._takes_result(one)]:
            key = "not_ready_for_export_accounting_record_ids"
            raise _refusal(422, "ACCOUNTING_RECORD_NOT_READY_FOR_EXPORT", key, unready)
        for one in results:
            self._apply(store.records[one["accounting_record_id"]], one)
        return json_response({"updated_accounting_record_ids": ids})

    def _apply(self, record: Item, result: Item) -> None:
        store, now = self.simulator.store, self.simulator.stamp()
        done = "success" in result
        record["review_status"] = "EXPORTED" if done else self.simulator.switches.failure_status
        record["version"] += 1
        record["updated_at"] = now
        store.records.put(record)
        success, failure = result.get("success") or {}, result.get("failure") or {}
        store.export_results.append(
            {
                "accounting_record_id": record["id"],
                "result": "success" if done else "failure",
                "at": now,
                "reference_id": success.get("reference_id"),
                "deep_link_url": success.get("deep_link_url"),
                "error_message": failure.get("error_message"),
            }
        )
        expense = store.expenses.get(record["source_id"] or "")
        if done and expense is not None:
            expense["exported_at"] = now
            if self.simulator.switches.export_touches_expense:
                expense["updated_at"] = now
            store.expenses.put(expense)

    def _is_visible(self, record: Item) -> bool:
        return not record.get("_visible_at") or record["_visible_at"] <= self.simulator.stamp()

    def _takes_result(self, record_id: str) -> bool:
        record = self.simulator.store.records.get(record_id)
        if record is None or record["review_status"] != "READY_FOR_EXPORT":
            return False
        return self.simulator.switches.export_of_bills or record["source_type"] != "BILL"

    def _only(self, ids: set[str]) -> Store:
        few = Store(lambda one: str(one["updated_at"]))
        for one in ids:
            if record := self.simulator.store.records.get(one):
                few.put(record)
        return few


def _check_result(result: Any) -> None:
    """One result as the request schema has it: an id and exactly one of `success` and `failure`."""
    if not isinstance(result, dict) or not isinstance(result.get("accounting_record_id"), str):
        raise invalid("Every result needs an accounting_record_id.")
    success, failure = result.get("success"), result.get("failure")
    if (success is None) == (failure is None):
        raise invalid("Every result needs exactly one of success and failure.")
    if success is not None:
        link, reference = (
            (success.get("deep_link_url", ""), success.get("reference_id")) if isinstance(success, dict) else (0, 0)
        )
        if not isinstance(link, str) or not isinstance(reference, str | None):
            raise invalid("success is malformed.")
    elif not isinstance(failure, dict) or not isinstance(failure.get("error_message"), str):
        raise invalid("failure.error_message is required.")


def _refusal(status: int, code: str, key: str, ids: list[str]) -> ApiError:
    return ApiError(status, f"{code.replace('_', ' ').capitalize()}.", code=code, details={key: ids})
