'use strict';
const { createHash } = require('node:crypto');
const http = require('node:http');
const passwords = require('./passwords');
const tokens = require('./tokens');
const { UserStore } = require('./store');

const MAX_BODY = 16 * 1024;
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

async function readJson(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_BODY) throw new RangeError('the body is too large');
  }
  return JSON.parse(body);
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

const shown = ({ id, email, company }) => ({ id, email, company });

async function register(store, request, response) {
  const { email, company, password } = await readJson(request);
  if (!EMAIL.test(email ?? '') || !company || (password ?? '').length < 10) {
    return send(response, 422, { error: 'an e-mail, a company and a password of 10 characters are needed' });
  }
  const user = store.add({ email, company, password: passwords.hash(password) });
  if (!user) return send(response, 409, { error: 'the e-mail is taken' });
  return send(response, 201, shown(user), { location: `/users/${user.id}` });
}

async function signIn(store, secret, request, response) {
  const { email, password } = await readJson(request);
  const user = store.find(email ?? '');
  if (!user || !passwords.matches(password ?? '', user.password)) {
    return send(response, 401, { error: 'e-mail or password is wrong' });
  }
  return send(response, 201, { userId: user.id, token: tokens.sign(user.id, secret), expiresIn: tokens.LIFETIME_S });
}

function lookUp(store, id, request, response) {
  const user = store.get(id);
  if (!user) return send(response, 404, { error: 'no such user' });
  const etag = `"${createHash('sha256').update(JSON.stringify(shown(user))).digest('hex').slice(0, 16)}"`;
  if (request.headers['if-none-match'] === etag) return send(response, 304, undefined, { etag });
  return send(response, 200, shown(user), { etag });
}

async function route(store, secret, request, response) {
  const { pathname } = new URL(request.url, 'http://service');
  const id = /^\/users\/([0-9a-f-]{36})$/.exec(pathname)?.[1];
  switch (`${request.method} ${id ? '/users/:id' : pathname}`) {
    case 'GET /health': return send(response, 200, { status: 'ok' });
    case 'POST /users': return register(store, request, response);
    case 'POST /sessions': return signIn(store, secret, request, response);
    case 'GET /users': return send(response, 200, store.all().map(shown));
    case 'GET /users/:id': return lookUp(store, id, request, response);
    default: return send(response, 404, { error: 'no such resource' });
  }
}

function createApp({ secret, store = new UserStore() }) {
  return http.createServer((request, response) => {
    route(store, secret, request, response).catch((error) => {
      send(response, error instanceof RangeError ? 413 : 400, { error: error.message });
    });
  });
}

module.exports = { createApp };
