"""How is every admin page limited to the user's tenants? A mixin for model admins, one for inlines, one for filters.

Set `tenant_path` (where the row's tenant stands, Django's double underscores) and the roles that may write. Rows of
other tenants do not exist for a user: lists, pages, actions, choices, autocompletes, filters and histories leave them
out, and their addresses answer 404.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from connectors.models import Membership, Role, Tenant
from connectors.tenancy.access import has_role, has_role_anywhere, scoped, tenant_id_of, tenants_with_role

ALL_ROLES = frozenset(Role.values)
_STEPS = ("tenant", "connection", "flow", "record", "posting", "ledger", "source", "endpoint", "problem")


def tenant_path_of(model: type[Model], *, depth: int = 3) -> str | None:
    """Where rows of a model keep their tenant: its own field, or that of a parent. None for models of the whole
    installation."""
    if model is Tenant:
        return "pk"
    if issubclass(model, get_user_model()):
        return "memberships__tenant"
    for name in _STEPS if depth else ():
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if isinstance(field, ForeignKey):
            parent = field.related_model
            if parent is Tenant:
                return name
            if isinstance(parent, type) and (path := tenant_path_of(parent, depth=depth - 1)):
                return f"{name}__{path}"
    return None


def roles_held(request: HttpRequest) -> frozenset[tuple[int, str]]:
    """The user's tenants and roles, read once a request: a page with a menu asks a hundred times."""
    seen: tuple[Any, frozenset[tuple[int, str]]] | None = getattr(request, "roles_seen", None)
    if seen is None or seen[0] != request.user.pk:
        rows = (
            Membership.objects.filter(user_id=request.user.pk) if request.user.is_active else Membership.objects.none()
        )
        seen = request.user.pk, frozenset(rows.values_list("tenant_id", "role"))
        request.roles_seen = seen  # type: ignore[attr-defined]
    return seen[1]


def holds(request: HttpRequest, tenant_id: int, roles: Iterable[str]) -> bool:
    """As `has_role`, from the roles read once a request."""
    if request.user.is_superuser:
        return has_role(request.user, tenant_id, roles)
    wanted = {*roles, Role.ADMINISTRATOR}
    return any(tenant == tenant_id and role in wanted for tenant, role in roles_held(request))


def holds_anywhere(request: HttpRequest, roles: Iterable[str]) -> bool:
    """As `has_role_anywhere`, from the roles read once a request."""
    if request.user.is_superuser:
        return has_role_anywhere(request.user, roles)
    wanted = {*roles, Role.ADMINISTRATOR}
    return any(role in wanted for _, role in roles_held(request))


def choices_for(user: Any, model: type[Model], roles: Iterable[str]) -> QuerySet[Any]:
    """The rows of a model that a user may point at: those of tenants where he has one of the roles."""
    rows = model._default_manager.all()
    path = tenant_path_of(model)
    if path is None or user.is_superuser:
        return rows
    return rows.filter(**{f"{path}__in": tenants_with_role(user, roles)}).distinct()


class TenantScopedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses references that lead to another tenant than the row's own, as the database would."""

    tenant_path: ClassVar[str] = "tenant"

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        mine = tenant_id_of(self.instance, self.tenant_path)
        for name, value in list(self.cleaned_data.items()):
            for one in [value] if isinstance(value, Model) else value if isinstance(value, QuerySet) else []:
                path = tenant_path_of(type(one))
                if path and not path.startswith("memberships") and tenant_id_of(one, path) != mine:
                    self.add_error(name, "This belongs to another tenant.")
                    break


class _ScopedChoices:
    change_roles: ClassVar[frozenset[str]]

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request, kwargs.get("queryset"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request, kwargs.get("queryset"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def _choices(self, db_field: Any, request: HttpRequest, given: QuerySet[Any] | None) -> QuerySet[Any]:
        mine = choices_for(request.user, db_field.remote_field.model, self.change_roles)
        return mine if given is None else given.filter(pk__in=mine.values("pk"))


class TenantScopedAdmin(_ScopedChoices):
    """Mix in before unfold's ModelAdmin (and SimpleHistoryAdmin). Reads are for members, writes for `change_roles`;
    `add_roles` and `delete_roles` follow it unless set. Django's own model permissions are not asked."""

    tenant_path: ClassVar[str] = "tenant"
    change_roles: ClassVar[frozenset[str]] = frozenset({Role.ADMINISTRATOR})
    add_roles: ClassVar[frozenset[str] | None] = None
    delete_roles: ClassVar[frozenset[str] | None] = None
    form = TenantScopedForm
    model: type[Model]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return scoped(super().get_queryset(request), request.user, self.tenant_path)  # type: ignore[misc]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        form.tenant_path = self.tenant_path
        return form

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [self._scoped_filter(one) for one in super().get_list_filter(request)]  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return holds_anywhere(request, ALL_ROLES)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, ALL_ROLES, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.change_roles, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.change_roles if self.add_roles is None else self.add_roles, None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.change_roles if self.delete_roles is None else self.delete_roles, obj)

    def has_role(self, request: HttpRequest, roles: Iterable[str], obj: Any = None) -> bool:
        """Whether the user has one of the roles: for a row (or its id, as unfold's actions pass it) in the row's
        tenant; without one in any tenant, which opens lists and never a row. No roles: nobody, superusers too."""
        roles = frozenset(roles)
        if not roles:
            return False
        if obj is None:
            return holds_anywhere(request, roles)
        if not isinstance(obj, Model):
            obj = self.row_or_404(request, str(obj))
        tenant_id = tenant_id_of(obj, self.tenant_path)
        return tenant_id is not None and holds(request, tenant_id, roles)

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row if the user may see it. For views and actions of one's own."""
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        return row

    def rows_with_role(self, request: HttpRequest, rows: QuerySet[Any], roles: Iterable[str]) -> QuerySet[Any]:
        """Those rows on which the user may act: for list actions, whose selection may span tenants."""
        return rows.filter(**{f"{self.tenant_path}__in": tenants_with_role(request.user, roles)})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Refuses a row that was just moved to a tenant where the user may not write."""
        self.write_check(request, obj)
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def write_check(self, request: HttpRequest, obj: Any) -> None:
        """Raises PermissionDenied unless the user may write into the row's tenant."""
        tenant_id = tenant_id_of(obj, self.tenant_path)
        if request.user.is_superuser:
            return
        if tenant_id is None or not has_role(request.user, tenant_id, self.change_roles):
            raise PermissionDenied

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if object_id is not None:
            self.row_or_404(request, object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc,no-any-return]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.row_or_404(request, object_id)
        return super().delete_view(request, object_id, extra_context)  # type: ignore[misc,no-any-return]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.row_or_404(request, object_id)
        return super().history_view(request, object_id, extra_context)  # type: ignore[misc,no-any-return]

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        self.row_or_404(request, object_id)
        return super().history_form_view(request, object_id, version_id, extra_context)  # type: ignore[misc,no-any-return]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        roles = self.change_roles if self.delete_roles is None else self.delete_roles
        super().delete_queryset(request, self.rows_with_role(request, queryset, roles))  # type: ignore[misc]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404

    def _scoped_filter(self, one: Any) -> Any:
        name = one[0] if isinstance(one, tuple) else one
        if not isinstance(name, str) or isinstance(one, tuple):
            return one
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return one
        return (name, TenantScopedFilter) if isinstance(field, ForeignKey) else one


class TenantScopedInline(_ScopedChoices):
    """Mix in before unfold's inlines: the parent's roles decide, choices are limited to the user's tenants."""

    change_roles: ClassVar[frozenset[str]] = frozenset({Role.ADMINISTRATOR})
    parent_tenant_path: ClassVar[str] = "tenant"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, ALL_ROLES, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, self.change_roles, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, self.change_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, self.change_roles, obj)

    def _has_role(self, request: HttpRequest, roles: frozenset[str], parent: Any) -> bool:
        tenant_id = tenant_id_of(parent, self.parent_tenant_path) if parent is not None else None
        if tenant_id is None:
            return has_role_anywhere(request.user, roles)
        return has_role(request.user, tenant_id, roles)


class TenantScopedFilter(RelatedFieldListFilter):
    """A list filter on a foreign key that names no row of another tenant."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        related = field.remote_field.model
        rows = choices_for(request.user, related, ALL_ROLES)
        ordering = self.field_admin_ordering(field, request, model_admin)
        return [(row.pk, str(row)) for row in (rows.order_by(*ordering) if ordering else rows)]
