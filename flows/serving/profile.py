"""The user's Prefect profile: where the server is, and that our plugin may complete bare names."""

from prefect.settings import Profile, load_profiles, save_profiles

NAME = "cowese"


def use_profile(api_url: str) -> None:
    """Make the profile ``cowese`` the active one of this user, whatever it held before."""
    profiles = load_profiles()
    if NAME in profiles.names:
        profiles.remove_profile(NAME)
    profiles.add_profile(
        Profile.model_validate(
            {"name": NAME, "settings": {"PREFECT_API_URL": api_url, "PREFECT_PLUGINS_ENABLED": "true"}}
        )
    )
    profiles.set_active(NAME)
    save_profiles(profiles)
