// Serves as much of OpenClaw's gateway as a start needs, at the port of its configuration. Ends when the port is taken.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const { gateway } = JSON.parse(readFileSync(process.env.OPENCLAW_CONFIG_PATH, "utf8"));
const server = createServer((_request, response) => response.end('{"ready":true}'));
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => {
  socket.on("message", (/** @type {Buffer} */ data) => {
    const { id, params } = JSON.parse(data.toString("utf8"));
    const ok = params.auth.token === gateway.auth.token;
    const error = ok ? undefined : { code: "INVALID_REQUEST", message: "unauthorized" };
    socket.send(JSON.stringify({ type: "res", id, ok, payload: {}, error }));
  });
  socket.send('{"type":"event","event":"connect.challenge","payload":{}}');
});
server.listen(gateway.port, "127.0.0.1");
