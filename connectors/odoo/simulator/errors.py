"""How does Odoo say no: which exception, HTTP status and XML-RPC fault code belong to a refusal?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class OdooError(Exception):
    """A refusal as Odoo raises it: exception name, HTTP status for JSON-2, fault code for XML-RPC."""

    def __init__(self, name: str, status: int, fault: int, message: str, *arguments: Any) -> None:
        super().__init__(message)
        self.name = name
        self.status = status
        self.fault = fault
        self.message = message
        self.arguments = [message, *arguments]


def user_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.UserError", 422, 2, message)


def validation_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.ValidationError", 422, 2, message)


def constraint_error(message: str) -> OdooError:
    """A constraint of the database; Odoo puts one sentence in front of all of them."""
    return validation_error(f"The operation cannot be completed: {message}")


def access_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.AccessError", 403, 4, message)


def access_denied(message: str = "Access Denied") -> OdooError:
    return OdooError("odoo.exceptions.AccessDenied", 403, 3, message)


def missing_error(model: str, ids: Iterable[Any], uid: int) -> OdooError:
    shown = ", ".join(str(one) for one in ids)
    return OdooError(
        "odoo.exceptions.MissingError",
        404,
        2,
        f"Record does not exist or has been deleted.\n(Record: {model}({shown},), User: {uid})",
    )


def value_error(message: str) -> OdooError:
    """A client's mistake that Odoo does not catch: it answers 500."""
    return OdooError("builtins.ValueError", 500, 1, message)


def type_error(message: str) -> OdooError:
    return OdooError("builtins.TypeError", 500, 1, message)


def not_found(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.NotFound", 404, 1, message, 404)


def unauthorized(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.Unauthorized", 401, 3, message, 401)


def bad_request(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.BadRequest", 400, 1, message, 400)


def unprocessable(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.UnprocessableEntity", 422, 1, message, 422)


def serialization_failure() -> OdooError:
    return OdooError(
        "psycopg2.errors.SerializationFailure", 500, 1, "could not serialize access due to concurrent update\n"
    )


def missing_value(model_label: str, model: str, label: str, name: str) -> OdooError:
    return constraint_error(
        f"Missing required value for the field '{label}' ({name}).\nModel: '{model_label}' ({model})\n"
        "- create/update: a mandatory field is not set\n"
        "- delete: another model requires the record being deleted, you can archive it instead\n"
    )


FOREIGN_KEY_TEXT = (
    "Another model is using the record you are trying to delete.\n\n"
    "The troublemaker is: '{label}' ({model})\n"
    "Thanks to the following constraint: '{field_label}' ({field})\n"
    "How about archiving the record instead?"
)


def foreign_key_error(label: str, model: str, field_label: str, field: str) -> OdooError:
    """An id that does not exist, given for a many2one: the database's foreign key speaks of deleting."""
    return constraint_error(FOREIGN_KEY_TEXT.format(label=label, model=model, field_label=field_label, field=field))
