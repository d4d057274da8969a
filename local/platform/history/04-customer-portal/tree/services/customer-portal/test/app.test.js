'use strict';
const http = require('node:http');
const { createApp } = require('../src/app');

const open = [];
const listen = (server) =>
  new Promise((resolve) => {
    open.push(server);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });

async function portal(status = 201) {
  const answer = JSON.stringify({ token: 't.s', expiresIn: 60 });
  const api = http.createServer((_, response) => response.writeHead(status).end(answer));
  const base = await listen(createApp({ apiUrl: await listen(api) }));
  return (path, init) => fetch(base + path, { redirect: 'manual', ...init });
}

afterEach(() => open.splice(0).forEach((server) => {
  server.close();
  server.closeAllConnections();
}));

test('signing in sets a cookie that scripts cannot read', async () => {
  const response = await (await portal())('/session', { method: 'POST', body: 'email=a%40b.example&password=x' });
  expect(response.status).toBe(303);
  expect(response.headers.get('set-cookie')).toBe('b2b_session=t.s; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax');
});

test('a wrong password sets none', async () => {
  const response = await (await portal(401))('/session', { method: 'POST', body: 'email=a&password=x' });
  expect(response.status).toBe(401);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('quotes a cart to whom is signed in', async () => {
  const call = await portal();
  const body = JSON.stringify([{ unitCents: 999, quantity: 25 }, { unitCents: 100, quantity: 1 }]);
  const headers = { cookie: 'b2b_session=t.s' };
  expect(await (await call('/quote', { method: 'POST', body, headers })).json()).toEqual({
    lines: ['$237.26', '$1.00'],
    total: '$238.26',
  });
  expect((await call('/quote', { method: 'POST', body })).headers.get('location')).toBe('/sign-in');
  expect((await call('/quote', { method: 'POST', body: '{', headers })).status).toBe(400);
});

test('says when the gateway is away', async () => {
  const base = await listen(createApp({ apiUrl: 'http://127.0.0.1:1' }));
  expect((await fetch(`${base}/session`, { method: 'POST', body: 'email=a' })).status).toBe(502);
});

test('is healthy, and knows no other page', async () => {
  const call = await portal();
  expect((await call('/health')).status).toBe(200);
  expect((await call('/orders')).status).toBe(404);
});
