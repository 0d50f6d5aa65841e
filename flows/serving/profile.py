"""The user's Prefect profile: where the server is, and that our plugin may complete bare names.

One profile of ours is added to the user's file and made active. Afterwards the file is given back as it was, to the
byte; where somebody else changed it meanwhile, only our profile is taken out.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from prefect.settings import PREFECT_PROFILES_PATH, Profile, ProfilesCollection, load_profiles, save_profiles

from data.files import atomic_file, file_digest
from flows.serving.loopback import answers
from flows.serving.parts import ProfileBefore

NAME = "cowese"
OTHER_NAME = "cowese-serve"
"""What our profile is called where the user has one of their own with our name."""
AUTH = "PREFECT_API_AUTH_STRING"
FALLBACK = "ephemeral"
"""The profile that Prefect itself begins with."""


def use_profile(
    api_url: str,
    folder: Path,
    before: ProfileBefore | None = None,
    another: ProfileBefore | None = None,
    auth_string: str | None = None,
) -> ProfileBefore:
    """Make a profile of ours the active one of this user; ``folder`` takes the copy of the user's file.

    ``before`` is what an earlier call returned; it stays valid while our profile is the active one. ``another`` is what
    the store has whose server our profile leads to now: the user's own profile is the one that was before it.
    """
    profiles = load_profiles()
    path = _path()
    settings = {"PREFECT_API_URL": api_url, "PREFECT_PLUGINS_ENABLED": "true"}
    if auth_string is not None:
        settings[AUTH] = auth_string
    if before is not None and profiles.active_name == before.name and _is_ours(profiles, before.name):
        if _settings(profiles, before.name) == settings:
            return before
        unchanged = file_digest(path) == before.written
        _save(profiles, before.name, settings)  # after a reboot, on another port or with another password
        return before.model_copy(update={"written": file_digest(path)}) if unchanged else before
    backup = folder / "profiles.before.toml" if path.is_file() else None
    if backup is not None:
        with atomic_file(backup) as temporary:
            os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))  # it may hold an API key
            temporary.write_bytes(path.read_bytes())
    active = another.active if another is not None else profiles.active_name
    name = NAME if NAME not in profiles.names or _is_ours(profiles, NAME) else OTHER_NAME
    _save(profiles, name, settings)
    return ProfileBefore(active=active, name=name, backup=backup, written=file_digest(path))


def overruling(environ: Mapping[str, str], ours: ProfileBefore | None) -> list[str]:
    """The variables of a shell that count for `prefect` in place of our profile, each with its remedy."""
    if ours is None:
        return []
    named = [name for name in ("PREFECT_API_URL", "PREFECT_PROFILE", AUTH) if environ.get(name)]
    harmless = {"PREFECT_PROFILE": ours.name, "PREFECT_API_URL": _url(load_profiles(), ours.name)}
    return [f"{name}: unset it in this shell" for name in named if environ[name] != harmless.get(name)]


def _save(profiles: ProfilesCollection, name: str, settings: dict[str, str]) -> None:
    """Write the file with our profile in it, as the active one; readable by the user alone where it has a password."""
    if name in profiles.names:
        profiles.remove_profile(name)
    profiles.add_profile(Profile.model_validate({"name": name, "settings": settings}))
    profiles.set_active(name)
    path = _path()
    if AUTH in settings and path.is_file():
        path.chmod(0o600)
    save_profiles(profiles)


def leave_profile(before: ProfileBefore, api_url: str) -> None:
    """Give the user's file back; only take our profile out where the file has been changed since."""
    path = _path()
    if path.is_file() and file_digest(path) == before.written:
        if before.backup is None:
            path.unlink()
        elif before.backup.is_file():
            mode = path.stat().st_mode & 0o777
            with atomic_file(path) as temporary:
                os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, mode))
                temporary.write_bytes(before.backup.read_bytes())
    _take_out(before, api_url)
    if before.backup is not None:
        before.backup.unlink(missing_ok=True)


def _take_out(before: ProfileBefore, api_url: str) -> None:
    """Take out our profile for this server, and one of ours whose server is gone, if it is still the active one."""
    profiles = load_profiles()
    for name in (NAME, OTHER_NAME):
        if name not in profiles.names or not _is_ours(profiles, name):
            continue
        url = _url(profiles, name)
        if url != api_url and (profiles.active_name != name or answers(url)):
            continue  # the server of another store is in use
        if profiles.active_name == name:
            back = before.active if before.active in profiles.names and before.active != name else FALLBACK
            profiles.set_active(back)
        profiles.remove_profile(name)
        save_profiles(profiles)


def _is_ours(profiles: ProfilesCollection, name: str) -> bool:
    """Whether a profile holds nothing but what we write."""
    ours = {"PREFECT_API_URL", "PREFECT_PLUGINS_ENABLED"}
    return set(_settings(profiles, name)) - {AUTH} == ours and "//127.0.0.1:" in _url(profiles, name)


def _url(profiles: ProfilesCollection, name: str) -> str:
    return _settings(profiles, name).get("PREFECT_API_URL", "")


def _settings(profiles: ProfilesCollection, name: str) -> dict[str, str]:
    if name not in profiles.names:
        return {}
    return {getattr(key, "name", str(key)): str(value) for key, value in profiles[name].settings.items()}


def _path() -> Path:
    path = PREFECT_PROFILES_PATH.value()
    assert path is not None
    return Path(path)
