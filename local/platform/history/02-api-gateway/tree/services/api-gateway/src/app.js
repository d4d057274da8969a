'use strict';
const { randomUUID } = require('node:crypto');
const http = require('node:http');
const { sendError } = require('./errors');
const { forward } = require('./proxy');
const { RateLimit } = require('./rate-limit');
const { verify } = require('./tokens');

/** Who may call what without a token. */
const OPEN = [
  ['POST', '/api/users'],
  ['POST', '/api/sessions'],
];
const ROUTES = [
  [/^\/api\/(users(?:\/[^/]+)?)$/, 'userService'],
  [/^\/api\/(sessions)$/, 'userService'],
];

function authenticate(request, secret) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) return null;
  return verify(token, secret);
}

function handle(request, response, config, limit) {
  const { pathname } = new URL(request.url, 'http://gateway');
  if (pathname === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end('{"status":"ok"}');
  }
  const requestId = request.headers['x-request-id'] ?? randomUUID();
  response.setHeader('x-request-id', requestId);
  if (!limit.take(request.socket.remoteAddress)) {
    return sendError(response, 429, 'too many requests');
  }
  const route = ROUTES.map(([pattern, service]) => ({ match: pattern.exec(pathname), service })).find(({ match }) => match);
  if (!route) return sendError(response, 404, 'no such resource');
  const open = OPEN.some(([method, path]) => method === request.method && path === pathname);
  const userId = open ? null : authenticate(request, config.secret);
  if (!open && !userId) return sendError(response, 401, 'a valid token is needed');
  const headers = { 'x-request-id': requestId };
  if (userId) headers['x-user-id'] = userId;
  const path = `/${route.match[1]}`;
  return forward(request, response, { origin: config[route.service], path, headers, timeoutMs: config.timeoutMs });
}

function createApp(config) {
  const limit = new RateLimit(config.ratePerSecond);
  return http.createServer((request, response) => handle(request, response, config, limit));
}

module.exports = { createApp };
