"""Which reporting tags and options has an organisation? https://www.zoho.com/books/api/v3/reporting-tags/"""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, invalid_parameter, missing, refused
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import flag, items, text

OPTIONS_PER_PAGE = 200
MODULES = ("Sales", "Purchases", "Journal", "Inventory Adjustment")


class TagsApi:
    def routes(self) -> list[Route]:
        one = "/reportingtags/<tag_id>"
        return [
            Route("GET", "/reportingtags", self.list, "settings.READ"),
            Route("POST", "/reportingtags", self.create, "settings.CREATE"),
            Route("GET", "/reportingtags/options", self.options, "settings.READ"),
            Route("GET", f"{one}/options/all", self.all_options, "settings.READ"),
            Route("PUT", f"{one}/options", self.set_options, "settings.UPDATE"),
            Route("POST", f"{one}/active", self.activate, "settings.UPDATE"),
            Route("POST", f"{one}/inactive", self.deactivate, "settings.UPDATE"),
        ]

    def list(self, call: ApiCall) -> Response:
        """Not paginated."""
        shown = [_tag_shown(one) for one in call.org.tags]
        if call.simulator.switches.tags_tell_modules:
            shown = [
                {**one, "multi_preference_entities": _modules(tag)}
                for one, tag in zip(shown, call.org.tags, strict=True)
            ]
        return answer(reporting_tags=shown)

    def create(self, call: ApiCall) -> Response:
        """A new tag is a draft until it is activated."""
        body = call.body()
        entities = body.get("multi_preference_entities") or {}
        groups = [one["entity_name"] for one in items(entities, "entities") if one.get("is_enabled")]
        tag = tag_add(
            call.org,
            text(body, "tag_name", required=True),
            (),
            level=text(entities, "preference", "line_item"),
            groups=groups,
            is_mandatory=flag(body, "is_mandatory"),
            is_draft=True,
        )
        return answer("The reporting tag has been created.", 201, tag=_tag_shown(tag))

    def options(self, call: ApiCall) -> Response:
        """Two hundred a page, children inside their parents."""
        tag = self._find(call.org, call.query("tag_id") or "")
        page = call.query("page") or "1"
        if not page.isdigit() or int(page) < 1:
            raise invalid_parameter("page")
        roots = [one for one in tag["_options"] if not one["parent_id"]]
        begin = (int(page) - 1) * OPTIONS_PER_PAGE
        rows = [_option_shown(tag, one) for one in roots[begin : begin + OPTIONS_PER_PAGE]]
        more = len(roots) > begin + OPTIONS_PER_PAGE
        context = {"page": int(page), "per_page": OPTIONS_PER_PAGE, "has_more_page": more}
        names = ("tag_id", "tag_name", "description", "is_class", "is_draft")
        return answer(**{name: tag[name] for name in names}, options=rows, page_context=context)

    def all_options(self, call: ApiCall, tag_id: str) -> Response:
        """Active options, flat, each with its depth."""
        tag = self._find(call.org, tag_id)
        shown = [
            {"option_id": one["option_id"], "option_name": one["option_name"], "depth": _depth(tag, one)}
            for one in tag["_options"]
            if one["is_active"]
        ]
        return answer(results=shown)

    def set_options(self, call: ApiCall, tag_id: str) -> Response:
        tag = self._find(call.org, tag_id)
        for one in items(call.body(), "options", least=1):
            option_put(call.org, tag, one, None)
            for child in items(one, "children"):
                parent = next(o for o in tag["_options"] if o["option_name"] == one.get("option_name"))
                option_put(call.org, tag, child, parent)
        return answer("Options updated successfully")

    def activate(self, call: ApiCall, tag_id: str) -> Response:
        tag = self._find(call.org, tag_id)
        if not tag["_options"]:
            raise refused(Unknown.TRANSITION, "A tag without options cannot be activated.")
        tag.update(is_active=True, is_draft=False)
        return answer("The reporting tag has been activated.")

    def deactivate(self, call: ApiCall, tag_id: str) -> Response:
        self._find(call.org, tag_id)["is_active"] = False
        return answer("The reporting tag has been deactivated.")

    def _find(self, org: Organisation, tag_id: str) -> Item:
        found = org.tags.get(tag_id)
        if found is None:
            raise missing("Reporting tag")
        return found


def tag_add(
    org: Organisation,
    name: str,
    options: Sequence[str],
    *,
    level: str = "line_item",
    groups: Sequence[str] = ("Purchases", "Journal"),
    is_mandatory: bool = False,
    is_draft: bool = False,
) -> Item:
    """A tag with flat options; `groups` are the kinds of documents it is meant for."""
    if level not in ("line_item", "transaction"):
        raise invalid("preference")
    tag: Item = {
        "tag_id": org.new_id(),
        "tag_name": name,
        "tag_order": len(org.tags) + 1,
        "description": "",
        "is_active": not is_draft,
        "is_mandatory": is_mandatory,
        "is_class": False,
        "is_draft": is_draft,
        "_level": level,
        "_groups": tuple(groups),
        "_options": [],
    }
    for option in options:
        option_put(org, tag, {"option_name": option}, None)
    return org.tags.put(tag["tag_id"], tag)


def option_put(org: Organisation, tag: Item, option: Item, parent: Item | None) -> Item:
    """Change the option with this id, or add one."""
    known = next((one for one in tag["_options"] if one["option_id"] == option.get("option_id")), None)
    if known is None:
        known = {
            "option_id": org.new_id(),
            "option_order": len(tag["_options"]) + 1,
            "parent_id": parent["option_id"] if parent else "",
            "parent_name": parent["option_name"] if parent else "",
            "is_active": True,
            "is_default": False,
        }
        tag["_options"].append(known)
    known["option_name"] = text(option, "option_name", known.get("option_name", ""), required=True)
    known["is_active"] = flag(option, "is_active", known["is_active"])
    known["is_default"] = flag(option, "is_default", known["is_default"])
    return known


def _depth(tag: Item, option: Item) -> int:
    by_id = {one["option_id"]: one for one in tag["_options"]}
    depth = 0
    while option["parent_id"]:
        depth, option = depth + 1, by_id[option["parent_id"]]
    return depth


def _option_shown(tag: Item, option: Item) -> Item:
    children = [one for one in tag["_options"] if one["parent_id"] == option["option_id"]]
    return {**option, "children": [_option_shown(tag, one) for one in children]}


def _tag_shown(tag: Item) -> Item:
    return {name: value for name, value in tag.items() if not name.startswith("_")}


def _modules(tag: Item) -> Item:
    entities = [{"entity_name": name, "is_enabled": name in tag["_groups"]} for name in MODULES]
    return {"preference": tag["_level"], "entities": entities}
