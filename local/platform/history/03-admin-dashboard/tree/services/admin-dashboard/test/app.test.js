'use strict';
const http = require('node:http');
const { createApp } = require('../src/app');

const USERS = [
  { email: 'zoe@north.example', company: 'North <Supply>' },
  { email: 'ada@engines.example', company: 'Analytical Engines' },
];
const open = [];
const listen = (server) =>
  new Promise((resolve) => {
    open.push(server);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });

async function dashboard(status) {
  const api = http.createServer((_, response) => response.writeHead(status).end(JSON.stringify(USERS)));
  const base = await listen(createApp({ apiUrl: await listen(api) }));
  return (path) => fetch(base + path);
}

afterEach(() => open.splice(0).forEach((server) => {
  server.close();
  server.closeAllConnections();
}));

test('lists users by company, escaped', async () => {
  const text = await (await (await dashboard(200))('/users')).text();
  expect(text).toContain('2 of 2 users');
  expect(text.indexOf('Analytical')).toBeLessThan(text.indexOf('North &lt;Supply&gt;'));
});

test('searches by every word', async () => {
  const call = await dashboard(200);
  expect(await (await call('/users?q=ADA+engines')).text()).toContain('1 of 2 users');
  expect(await (await call('/users?q=ada+north')).text()).toContain('0 of 2 users');
});

test('says when the users cannot be read', async () => {
  expect((await (await dashboard(401))('/users')).status).toBe(401);
  expect((await (await dashboard(500))('/users')).status).toBe(502);
  const away = await listen(createApp({ apiUrl: 'http://127.0.0.1:1' }));
  expect((await fetch(`${away}/users`)).status).toBe(502);
});

test('is healthy, and knows no other page', async () => {
  const call = await dashboard(200);
  expect((await call('/health')).status).toBe(200);
  expect((await call('/orders')).status).toBe(404);
});
