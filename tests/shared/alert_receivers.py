"""Receivers of alerts on loopback: a web server for the webhook, a mail server with enough of SMTP (RFC 5321)."""

import base64
import json
import socketserver
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receivers:
    """``with Receivers() as them``: ``them.posted`` are JSON bodies, ``them.mailed`` messages, ``them.logins`` users.

    ``refuse`` makes both answer with an error for the time being; ``asked`` counts what the web server was sent.
    """

    def __init__(self):
        self.posted, self.mailed, self.logins, self.refuse, self.asked = [], [], [], False, 0
        self._web = ThreadingHTTPServer(("127.0.0.1", 0), _web_handler(self))
        self._mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _mail_handler(self))
        self._mail.daemon_threads = True

    @property
    def webhook(self):
        return f"http://127.0.0.1:{self._web.server_port}/hook"

    @property
    def smtp(self):
        return f"127.0.0.1:{self._mail.server_address[1]}"

    def __enter__(self):
        for server in (self._web, self._mail):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in (self._web, self._mail):
            server.shutdown()
            server.server_close()


def _web_handler(receivers):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receivers.asked += 1
            if not receivers.refuse:
                receivers.posted.append(body)
            self.send_response(503 if receivers.refuse else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


def _mail_handler(receivers):
    class Handler(socketserver.StreamRequestHandler):
        def say(self, words):
            self.wfile.write(f"{words}\r\n".encode())

        def handle(self):
            self.say("220 loopback")
            for line in self.rfile:
                verb, _, rest = line.decode().strip().partition(" ")
                verb = verb.upper()
                if verb == "EHLO":
                    self.say("250-loopback")
                    self.say("250 AUTH PLAIN")
                elif verb == "AUTH":
                    user, password = base64.b64decode(rest.split()[-1]).decode().split("\0")[1:]
                    receivers.logins.append((user, password))
                    self.say("235 welcome")
                elif verb == "RCPT" and receivers.refuse:
                    self.say("450 not now")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    receivers.mailed.append(message_from_bytes(b"".join(lines), policy=policy.default))
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    return Handler
