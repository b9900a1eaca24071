"""A guest book. Its port is in PORT; who has signed is in guests.txt."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit


class Book(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        pages = {"/": open("index.html").read(), "/health": "ready", "/sign": "Thank you."}
        if address.path == "/sign":
            given = {key: values[0] for key, values in parse_qs(address.query).items()}
            name = given.get("name", "")
            signed = given.get("proof") == name[::-1]
            with open("guests.txt", "a") as book:
                book.write(f"{name} {'signed' if signed else 'was refused'}\n")
        body = pages.get(address.path, "there is no such page").encode()
        self.send_response(200 if address.path in pages else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Book).serve_forever()
