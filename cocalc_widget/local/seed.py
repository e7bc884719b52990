"""Owns what a site is seeded with: an account, its organization, two projects with real files."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state.site_state import SiteState

EMAIL = "teacher@local.test"
_CONTENT = Path(__file__).parent / "content"
_ORG_ID = "0a0a0a0a-0000-4000-8000-00000000000a"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who the site belongs to; the secrets are made anew at each start."""

    account_id: str
    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)


def make_owner(site: SiteState, *, admin: bool) -> Owner:
    """The account of the last start in this folder, or a new one."""
    password = secrets.token_urlsafe(12)
    row = site.accounts.by_email(EMAIL)
    if row is not None:
        account_id = str(row["account_id"])
        site.accounts.set_password(account_id, password)
    else:
        account_id = site.accounts.create("Local", "Teacher", EMAIL, password, admin=admin)
        # so that org.createToken works for the site's own account, as its admin
        site.organizations.create("local", org_id=_ORG_ID)
        site.organizations.add_admin("local", account_id)
        site.organizations.join(account_id, "local")
    return Owner(account_id, EMAIL, password, site.accounts.new_key(account_id, name="start")[1])


def default_content() -> dict[str, Path]:
    """Project title → folder of files, as `LocalCoCalc(content=None)` starts."""
    return {title: _CONTENT / title.lower() for title in ("Lesson", "Student")}
