"""How are journal items matched, what stays open, and where does an exchange difference go?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from .access import check_access
from .environment import Environment, Records
from .errors import user_error
from .generic import check_existing
from .lines import DIRECTIONS, OPEN_TYPES, ZERO, is_invoice
from .locks import accounting_date
from .rates import rounded
from .registry import method
from .store import Record

EXCHANGE_LABEL = "Currency exchange rate difference"
REFUNDED_BY = {"in_invoice": "in_refund", "out_invoice": "out_refund"}


@method("account.move.line", "reconcile")
def _reconcile(self: Records) -> None:
    check_access(self.env, "account.move.line", "write")
    check_existing(self.env, "account.move.line", self.ids)
    reconcile(self.env, self.ids)


@method("account.move.line", "remove_move_reconcile")
def _remove_move_reconcile(self: Records) -> None:
    check_access(self.env, "account.move.line", "write")
    check_existing(self.env, "account.move.line", self.ids)
    unreconcile(self.env, self.ids)


def reconcile(env: Environment, ids: Sequence[int]) -> None:
    """Match debits against credits of one account, earliest due first."""
    lines = env.browse("account.move.line", ids)
    if any(line["reconciled"] for line in lines):
        raise user_error("You are trying to reconcile some entries that are already reconciled.")
    if not lines:
        return
    accounts = {line["account_id"] for line in lines}
    if len(accounts) > 1:
        names = ", ".join(str(env.label("account.account", one)) for one in sorted(accounts))
        raise user_error(f"Entries are not from the same account: {names}")
    account = env.get("account.account", lines[0]["account_id"])
    if not account["reconcile"] and account["account_type"] not in OPEN_TYPES:
        raise user_error(
            f"Account {env.label('account.account', account['id'])} does not allow reconciliation. First change the "
            "configuration of this account to allow it."
        )
    match(env, lines)


def match(env: Environment, lines: Sequence[Record]) -> None:
    table = env.store.tables["account.move.line"]
    ordered = sorted(lines, key=lambda line: (_due(env, line), line["id"]))
    debits = [line["id"] for line in ordered if line["balance"] > 0 or line["amount_currency"] > 0]
    credits = [line["id"] for line in ordered if line["id"] not in debits]
    while debits and credits:
        debit, credit = table[debits[0]], table[credits[0]]
        _match_pair(env, debit, credit)
        if _settled(table[debits[0]]):
            debits.pop(0)
        if _settled(table[credits[0]]):
            credits.pop(0)
    _number_group(env, [line["id"] for line in lines])
    refresh(env, {line["move_id"] for line in lines})


def _due(env: Environment, line: Record) -> str:
    return str(line["date_maturity"] or env.store.tables["account.move"][line["move_id"]]["date"])


def _settled(line: Record) -> bool:
    return bool(line["amount_residual"] == 0 and line["amount_residual_currency"] == 0)


def _match_pair(env: Environment, debit: Record, credit: Record) -> None:
    company = env.store.tables["res.company"][env.get("account.move", debit["move_id"])["company_id"]]
    own = company["currency_id"]
    places = env.currency_places(own)
    open_debit, open_credit = debit["amount_residual"], -credit["amount_residual"]
    if debit["currency_id"] == credit["currency_id"] != own:
        amount = min(debit["amount_residual_currency"], -credit["amount_residual_currency"])
        share_debit = _share(open_debit, amount, debit["amount_residual_currency"], places)
        share_credit = _share(open_credit, amount, -credit["amount_residual_currency"], places)
        settled = min(share_debit, share_credit)
        in_debit = in_credit = amount
    else:
        settled = share_debit = share_credit = min(open_debit, open_credit)
        in_debit = _share(
            debit["amount_residual_currency"], settled, open_debit, env.currency_places(debit["currency_id"])
        )
        in_credit = _share(
            -credit["amount_residual_currency"], settled, open_credit, env.currency_places(credit["currency_id"])
        )
    partial = _partial(env, company, debit, credit, settled, in_debit, in_credit)
    if share_debit != share_credit:
        line = debit if share_debit > share_credit else credit
        exchange = _exchange_move(env, company, line, abs(share_debit - share_credit), partial)
        env.store.update("account.partial.reconcile", partial, {"exchange_move_id": exchange})


def _share(whole: Decimal, part: Decimal, of: Decimal, places: Decimal) -> Decimal:
    return whole if part == of or of == 0 else rounded(whole * part / of, places)


def _partial(
    env: Environment,
    company: Record,
    debit: Record,
    credit: Record,
    amount: Decimal,
    in_debit: Decimal,
    in_credit: Decimal,
) -> int:
    moves = env.store.tables["account.move"]
    for line, sign, foreign in ((debit, -1, in_debit), (credit, 1, in_credit)):
        left, left_foreign = line["amount_residual"] + sign * amount, line["amount_residual_currency"] + sign * foreign
        env.update(
            "account.move.line",
            line["id"],
            {
                "amount_residual": left,
                "amount_residual_currency": left_foreign,
                "reconciled": left == 0 and left_foreign == 0,
            },
        )
    return env.insert(
        "account.partial.reconcile",
        {
            "debit_move_id": debit["id"],
            "credit_move_id": credit["id"],
            "amount": amount,
            "debit_amount_currency": in_debit,
            "credit_amount_currency": in_credit,
            "debit_currency_id": debit["currency_id"],
            "credit_currency_id": credit["currency_id"],
            "company_currency_id": company["currency_id"],
            "company_id": company["id"],
            "full_reconcile_id": False,
            "exchange_move_id": False,
            "max_date": max(moves[debit["move_id"]]["date"], moves[credit["move_id"]]["date"]),
        },
    )


def _exchange_move(env: Environment, company: Record, line: Record, amount: Decimal, partial: int) -> int:
    """The entry in the exchange journal that takes what conversion at two rates left on one side."""
    from .moves import create_moves
    from .posting import post_system

    loss = line["balance"] > 0
    account = company["expense_currency_exchange_account_id" if loss else "income_currency_exchange_account_id"]
    sign = -1 if loss else 1
    shared = {
        "name": EXCHANGE_LABEL,
        "currency_id": line["currency_id"],
        "amount_currency": ZERO,
        "partner_id": line["partner_id"],
    }
    day = env.store.tables["account.partial.reconcile"][partial]["max_date"]
    [id] = create_moves(
        env,
        [
            {
                "move_type": "entry",
                "journal_id": company["currency_exchange_journal_id"],
                "date": day,
                "line_ids": [
                    [0, 0, {**shared, "account_id": line["account_id"], "balance": sign * amount}],
                    [0, 0, {**shared, "account_id": account, "balance": -sign * amount}],
                ],
            }
        ],
    )
    move = env.get("account.move", id)
    env.store.update("account.move", id, {"date": accounting_date(env, move, day, taxed=False)})
    post_system(env, [id])
    counter = env.get("account.move.line", move["line_ids"][0])
    debit, credit = (line, counter) if loss else (counter, line)
    _partial(
        env,
        company,
        env.get("account.move.line", debit["id"]),
        env.get("account.move.line", credit["id"]),
        amount,
        ZERO,
        ZERO,
    )
    return id


def _group(env: Environment, ids: Iterable[int]) -> tuple[set[int], set[int]]:
    """All lines connected by partials, and those partials."""
    partials = env.store.tables["account.partial.reconcile"]
    lines, seen, pending = set[int](), set[int](), list(ids)
    while pending:
        line = pending.pop()
        if line in lines:
            continue
        lines.add(line)
        for side in ("debit_move_id", "credit_move_id"):
            for partial in env.store.lookup("account.partial.reconcile", side, line):
                seen.add(partial)
                pending += [partials[partial]["debit_move_id"], partials[partial]["credit_move_id"]]
    return lines, seen


def _number_group(env: Environment, ids: Iterable[int]) -> None:
    """Give each connected group its matching number: of the full reconciliation, or `P` and a partial's."""
    table = env.store.tables["account.move.line"]
    done: set[int] = set()
    for id in ids:
        if id in done:
            continue
        lines, partials = _group(env, [id])
        done |= lines
        full: int | bool = False
        number: str | bool = False
        if partials and all(table[one]["reconciled"] for one in lines):
            full = env.insert("account.full.reconcile", {"partial_reconcile_ids": sorted(partials)})
            number = str(full)
        elif partials:
            number = f"P{min(partials)}"
        for line in lines:
            env.store.update("account.move.line", line, {"matching_number": number, "full_reconcile_id": full})
        for partial in partials:
            env.store.update("account.partial.reconcile", partial, {"full_reconcile_id": full})


def unreconcile(env: Environment, ids: Sequence[int]) -> None:
    """Undo every matching of these lines; exchange differences are reversed, not deleted."""
    lines, _ = _group(env, ids)
    wanted = set(ids)
    partials = env.store.tables["account.partial.reconcile"]
    found = [
        id
        for line in wanted
        for side in ("debit_move_id", "credit_move_id")
        for id in env.store.lookup("account.partial.reconcile", side, line)
    ]
    exchanges = []
    for id in dict.fromkeys(found):
        exchange = partials[id]["exchange_move_id"]
        if exchange:
            exchanges.append(exchange)
            for line in env.get("account.move", exchange)["line_ids"]:
                for side in ("debit_move_id", "credit_move_id"):
                    for other in env.store.lookup("account.partial.reconcile", side, line):
                        _undo(env, other)
        if id in partials:
            _undo(env, id)
    _number_group(env, lines)
    refresh(env, {env.get("account.move.line", line)["move_id"] for line in lines})
    if exchanges:
        from .reversal import reverse

        reverse(env, exchanges, env.today, "")


def _undo(env: Environment, id: int) -> None:
    partial = env.store.tables["account.partial.reconcile"][id]
    for side, sign, foreign in (
        ("debit_move_id", 1, "debit_amount_currency"),
        ("credit_move_id", -1, "credit_amount_currency"),
    ):
        line = env.get("account.move.line", partial[side])
        env.update(
            "account.move.line",
            line["id"],
            {
                "amount_residual": line["amount_residual"] + sign * partial["amount"],
                "amount_residual_currency": line["amount_residual_currency"] + sign * partial[foreign],
                "reconciled": False,
            },
        )
    full = partial["full_reconcile_id"]
    if full and full in env.store.tables["account.full.reconcile"]:
        env.store.remove("account.full.reconcile", full)
    env.store.remove("account.partial.reconcile", id)


def refresh(env: Environment, moves: Iterable[int]) -> None:
    """Recompute what is open on invoices and how they are paid; their `write_date` moves with it."""
    table = env.store.tables["account.move.line"]
    for id in moves:
        move = env.get("account.move", id)
        if not is_invoice(move):
            continue
        terms = [table[line] for line in move["line_ids"] if table[line]["display_type"] == "payment_term"]
        residual = sum((line["amount_residual_currency"] for line in terms), ZERO)
        signed = sum((line["amount_residual"] for line in terms), ZERO)
        env.update(
            "account.move",
            id,
            {
                "amount_residual": -DIRECTIONS[move["move_type"]] * residual,
                "amount_residual_signed": signed,
                "payment_state": _payment_state(env, move, terms, residual),
            },
        )


def _payment_state(env: Environment, move: Record, terms: Sequence[Record], residual: Decimal) -> str:
    partials = env.store.tables["account.partial.reconcile"]
    lines, moves = env.store.tables["account.move.line"], env.store.tables["account.move"]
    others = set()
    for term in terms:
        for side, other in (("debit_move_id", "credit_move_id"), ("credit_move_id", "debit_move_id")):
            for id in env.store.lookup("account.partial.reconcile", side, term["id"]):
                counterpart = moves[lines[partials[id][other]]["move_id"]]
                if not env.store.lookup("account.partial.reconcile", "exchange_move_id", counterpart["id"]):
                    others.add(counterpart["move_type"])
    if not others:
        return "not_paid"
    if residual != 0:
        return "partial"
    return "reversed" if others == {REFUNDED_BY.get(move["move_type"])} else "paid"
