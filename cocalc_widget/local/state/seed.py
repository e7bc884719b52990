"""Owns the account that a site starts with, and the organization that it is the admin of."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .core import Core

EMAIL = "teacher@local.test"
_ORG = "0a0a0a0a-0000-4000-8000-00000000000a"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who the site belongs to; the secrets are made anew at each start."""

    account_id: str
    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)


def make_owner(core: Core, *, admin: bool) -> Owner:
    """The account of the last start in this folder, or a new one."""
    password = secrets.token_urlsafe(12)
    row = core.accounts.by_email(EMAIL)
    if row is not None:
        account_id = str(row["account_id"])
        core.accounts.set_password(account_id, password)
    else:
        account_id = core.accounts.create("Local", "Teacher", EMAIL, password, admin=admin)
        # so that org.createToken works for the site's own account, as its admin
        core.store.insert("orgs", name="local", org_id=_ORG, owner=account_id)
        core.accounts.join(account_id, "local")
    return Owner(account_id, EMAIL, password, core.accounts.new_key(account_id, name="start")[1])
