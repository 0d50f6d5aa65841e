"""The user's Prefect profile: where the server is, and that our plugin may complete bare names.

Only the profile ``cowese`` is written; the others stay as they are, and the one that was active is remembered.
"""

from prefect.settings import Profile, load_profiles, save_profiles

NAME = "cowese"


def use_profile(api_url: str) -> str | None:
    """Make the profile ``cowese`` the active one of this user; returns the name of the one that was, if another."""
    profiles = load_profiles()
    before = profiles.active_name
    settings = {"PREFECT_API_URL": api_url, "PREFECT_PLUGINS_ENABLED": "true"}
    if NAME in profiles.names:
        profiles.remove_profile(NAME)
    profiles.add_profile(Profile.model_validate({"name": NAME, "settings": settings}))
    profiles.set_active(NAME)
    save_profiles(profiles)
    return before if before != NAME else None


def leave_profile(before: str | None) -> None:
    """Make the profile that was active before the active one again, unless the user has chosen another since."""
    profiles = load_profiles()
    if before is not None and profiles.active_name == NAME and before in profiles.names:
        profiles.set_active(before)
        save_profiles(profiles)
