"""Tell an operator: a webhook and e-mail."""

import json
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request

from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from flows.serving.deadline import within
from flows.serving.loopback import opener
from flows.serving.parts import read_password
from flows.serving.settings import AlertSettings

TIMEOUT = 15.0
"""Seconds that a receiver may be silent."""
PATIENCE = 30.0
"""Seconds for one message by one channel, however slowly its receiver goes on."""


class Alert(BaseModel):
    """One thing that an operator should know."""

    model_config = ConfigDict(frozen=True)

    kind: str
    """``failed``, ``late``, ``server``, ``restarted`` or ``test``."""
    key: str
    """The same for the same trouble: it is told once."""
    subject: str
    """One line."""
    text: str
    """What happened, and the remedy."""
    run: str | None = None
    """The flow run's id."""
    url: str | None = None
    """Its page."""
    store: str = ""


def send(alert: Alert, settings: AlertSettings, channels: Iterable[str]) -> dict[str, str]:
    """Send an alert by each of the channels; the problem by channel where it could not be sent."""
    problems = {}
    for channel in channels:
        try:
            within(PATIENCE, _post if channel == "webhook" else _mail, alert, settings)
        except (OSError, HTTPException, smtplib.SMTPException, ValueError, InputError) as error:
            problems[channel] = " ".join(str(error).split()) or type(error).__name__
    return problems


def _post(alert: Alert, settings: AlertSettings) -> None:
    assert settings.webhook is not None
    told = {"source": "cowese", **alert.model_dump(), "text": f"{alert.subject}\n{alert.text}"}
    body = json.dumps(told, ensure_ascii=False).encode()
    request = Request(settings.webhook, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310 - http(s) by the setting's pattern
    try:
        opener(settings.webhook).open(request, timeout=TIMEOUT).close()  # beside its status nothing is read
    except HTTPError as error:
        error.close()
        raise


def _mail(alert: Alert, settings: AlertSettings) -> None:
    message = EmailMessage()
    message["Subject"] = f"[cowese] {alert.subject}"
    message["From"] = settings.email_from
    message["To"] = ", ".join(settings.email_to)
    lines = [alert.text, *([alert.url] if alert.url else []), f"Store: {alert.store}"]
    message.set_content("\n\n".join(lines) + "\n")
    with _connected(settings) as server:
        server.send_message(message)


@contextmanager
def _connected(settings: AlertSettings) -> Iterator[smtplib.SMTP]:
    host, _, port = settings.smtp.rpartition(":")
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, int(port), timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, int(port), timeout=TIMEOUT)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user is not None:
            server.login(settings.smtp_user, read_password(settings.smtp_password_file) or "")
        yield server
