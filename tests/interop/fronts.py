"""Sites as a browser knows them: by https, each under a name of its own, so that what one site may do to
another is what it may do anywhere. Behind each name stands a server that speaks plainly on this machine.
"""

import asyncio
import html
import http.server
import ssl
import threading
import urllib.parse

from saml_idp import key_and_certificate

# For Chromium: every name that ends so is this machine.
RESOLVING = "--host-resolver-rules=MAP *.test 127.0.0.1"


class Fronts:
    """TLS in front of servers."""

    def __init__(self, folder):
        key, certificate = key_and_certificate(folder, "front")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.loop = asyncio.new_event_loop()
        # Browsers end connections as they like; that is no fault of a run.
        self.loop.set_exception_handler(lambda *_: None)
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def before(self, port, name):
        """The address of the server at a port, under this name."""
        serving = asyncio.run_coroutine_threadsafe(self.serve(port), self.loop)
        return f"https://{name}:{serving.result(10).sockets[0].getsockname()[1]}"

    async def serve(self, port):
        async def pass_on(reader, writer):
            try:
                there, back = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pump(reader, back), pump(there, writer))
            except OSError:
                writer.close()

        return await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=self.tls)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


class Loopback:
    """Where a developer tries an app: no TLS, and no name."""

    @staticmethod
    def before(port, _):
        return f"http://127.0.0.1:{port}"


async def pump(reader, writer):
    try:
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
    finally:
        writer.close()


class Site:
    """A site whose pages are functions: of a query, giving a page or where to go on to."""

    def __init__(self, fronts, name, pages=None):
        self.pages, site = pages or {}, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                place = urllib.parse.urlsplit(self.path)
                page = site.pages.get(place.path)
                came = page(dict(urllib.parse.parse_qsl(place.query))) if page else None
                status, header, body = answer(came)
                self.send_response(status)
                self.send_header(*header)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = fronts.before(self.server.server_address[1], name)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def answer(came):
    if came is None:
        return 404, ("Content-Type", "text/plain"), b""
    if came.startswith("https:"):
        return 303, ("Location", came), b""
    return 200, ("Content-Type", "text/html; charset=utf-8"), came.encode()


def posting(action, fields, more=""):
    """A page that posts a form as soon as it is open; where no script runs, somebody has to press the button."""
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in fields.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><title>A page</title>{more}</head>'
        f'<body onload="document.forms[0].submit()"><form method="post" action="{html.escape(action)}">{inputs}'
        "<button>Go on</button></form></body></html>"
    )
