#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A chat-completions endpoint that plays what a file says.

usage: ai-server.py REPLIES.json LOG PORTFILE

REPLIES.json is a list; each request gets the next entry, the last one again
and again.  An entry may have: "content" (the model's text), "finish"
(finish_reason), "status", "headers", "type" (content type), "raw" (the body
instead of a completion), "delay" (seconds before it), "endless" (true: a body
without end), "hang" (true: no answer).  Requests go to LOG, a JSON line each.
"""
import http.server
import json
import sys
import time

replies = json.load(open(sys.argv[1]))
log = open(sys.argv[2], "a")
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global count
        body = self.rfile.read(int(self.headers["Content-Length"]))
        entry = replies[min(count, len(replies) - 1)]
        count += 1
        log.write(json.dumps({"path": self.path, "body": json.loads(body),
                              "authorization":
                              self.headers.get("Authorization"),
                              "time": time.monotonic()}) + "\n")
        log.flush()
        time.sleep(entry.get("delay", 0))
        if entry.get("hang"):
            time.sleep(3600)
        self.send_response(entry.get("status", 200))
        self.send_header("Content-Type",
                         entry.get("type", "application/json"))
        for name, value in entry.get("headers", {}).items():
            self.send_header(name, value)
        self.end_headers()
        if entry.get("endless"):
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                return
        text = entry.get("raw")
        if text is None:
            text = json.dumps({
                "choices": [{"message": {"role": "assistant",
                                         "content": entry.get("content", "")},
                             "finish_reason": entry.get("finish", "stop")}],
                "usage": {"total_tokens": entry.get("tokens", 100)}})
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[3] + ".new", "w") as f:
    f.write(str(server.server_address[1]))
import os
os.rename(sys.argv[3] + ".new", sys.argv[3])
server.serve_forever()
