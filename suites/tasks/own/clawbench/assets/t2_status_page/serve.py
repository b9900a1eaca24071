"""A status page: says which parts of a shop are up. Its port is in PORT; where it answers is written to service.url."""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

PARTS = {"billing": "down", "catalogue": "up", "images": "up", "search": "down"}


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/health": "ready", "/status": json.dumps(PARTS)}
        body = known.get(self.path, "there is no such page").encode()
        self.send_response(200 if self.path in known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page)
with open("service.url", "w") as file:
    file.write(f"http://127.0.0.1:{server.server_port}")
server.serve_forever()
