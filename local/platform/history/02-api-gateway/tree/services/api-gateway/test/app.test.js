'use strict';
const http = require('node:http');
const { createHmac } = require('node:crypto');
const { createApp } = require('../src/app');

const SECRET = 'test';
const CONFIG = { secret: SECRET, timeoutMs: 200, ratePerSecond: 20 };
let servers = [];
let seen;

const listen = (server) =>
  new Promise((resolve) => {
    servers.push(server);
    server.listen(0, '127.0.0.1', () => resolve(new URL(`http://127.0.0.1:${server.address().port}`)));
  });

function token(claims, secret = SECRET) {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `Bearer ${payload}.${createHmac('sha256', secret).update(payload).digest('base64url')}`;
}
const valid = () => token({ sub: 'u1', exp: Date.now() / 1000 + 60 });

async function gateway(answer, config = {}) {
  seen = [];
  const userService = await listen(
    http.createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    }),
  );
  const base = await listen(createApp({ ...CONFIG, userService, ...config }));
  return (path, init) => fetch(new URL(path, base), init);
}
const hello = (_, response) => response.end('hello');

afterEach(() => {
  servers.forEach((server) => {
    server.close();
    server.closeAllConnections();
  });
  servers = [];
});

test('answers health checks itself', async () => {
  const call = await gateway(hello);
  expect(await (await call('/health')).json()).toEqual({ status: 'ok' });
  expect(seen).toHaveLength(0);
});

test('passes a request on with the user and a request id', async () => {
  const call = await gateway(hello);
  const response = await call('/api/users/42', { headers: { authorization: valid() } });
  expect(await response.text()).toBe('hello');
  expect(seen[0].url).toBe('/users/42');
  expect(seen[0].headers['x-user-id']).toBe('u1');
  expect(response.headers.get('x-request-id')).toBe(seen[0].headers['x-request-id']);
});

test('registering and signing in need no token', async () => {
  const call = await gateway((request, response) => request.pipe(response));
  expect(await (await call('/api/sessions', { method: 'POST', body: 'abc' })).text()).toBe('abc');
  expect((await call('/api/users', { method: 'POST', body: 'abc' })).status).toBe(200);
});

test.each([
  ['no token', undefined],
  ['another scheme', 'Basic abc'],
  ['half a token', 'Bearer abc'],
  ['a cut signature', 'Bearer abc.def'],
  ['another secret', token({ sub: 'u1', exp: 9e9 }, 'other')],
  ['an expired token', token({ sub: 'u1', exp: 1 })],
])('refuses %s', async (_, authorization) => {
  const call = await gateway(hello);
  const response = await call('/api/users/42', { headers: authorization ? { authorization } : {} });
  expect(response.status).toBe(401);
  expect(seen).toHaveLength(0);
});

test('knows no other path', async () => {
  const call = await gateway(hello);
  expect((await call('/api/orders')).status).toBe(404);
});

test('limits the rate of a client', async () => {
  const call = await gateway(hello, { ratePerSecond: 2 });
  const send = () => call('/api/sessions', { method: 'POST' });
  const statuses = (await Promise.all([send(), send(), send()])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 200, 429]);
});

test('a service that is late is 504, one that is away is 502', async () => {
  const late = await gateway(() => {}, { timeoutMs: 30 });
  expect((await late('/api/sessions', { method: 'POST' })).status).toBe(504);
  const away = await gateway(hello, { userService: new URL('http://127.0.0.1:1') });
  expect((await away('/api/sessions', { method: 'POST' })).status).toBe(502);
});

test('an answer that breaks off breaks off for the client too', async () => {
  const call = await gateway((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  }, { timeoutMs: 50 });
  const response = await call('/api/sessions', { method: 'POST' });
  await expect(response.text()).rejects.toThrow();
});
