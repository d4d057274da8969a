'use strict';
const { createApp } = require('../src/app');

const ADA = { email: 'Ada@example.com', company: 'Analytical Engines', password: 'correct horse' };
let server;
let base;

beforeEach((done) => {
  server = createApp({ secret: 'test' }).listen(0, '127.0.0.1', () => {
    base = `http://127.0.0.1:${server.address().port}`;
    done();
  });
});
afterEach((done) => {
  server.close(done);
  server.closeAllConnections();
});

const post = (path, body) =>
  fetch(base + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

test('answers health checks', async () => {
  expect((await fetch(`${base}/health`)).status).toBe(200);
});

test('registers a user and never shows the password', async () => {
  const response = await post('/users', ADA);
  const user = await response.json();
  expect(response.status).toBe(201);
  expect(response.headers.get('location')).toBe(`/users/${user.id}`);
  expect(Object.keys(user)).toEqual(['id', 'email', 'company']);
});

test('an e-mail is taken once, whatever its case', async () => {
  await post('/users', ADA);
  expect((await post('/users', { ...ADA, email: 'ada@EXAMPLE.com' })).status).toBe(409);
});

test.each([
  ['no e-mail', { ...ADA, email: undefined }],
  ['a broken e-mail', { ...ADA, email: 'ada' }],
  ['no company', { ...ADA, company: '' }],
  ['a short password', { ...ADA, password: 'short' }],
])('refuses %s', async (_, body) => {
  expect((await post('/users', body)).status).toBe(422);
});

test('signs in with the right password only', async () => {
  await post('/users', ADA);
  const good = await post('/sessions', { email: ADA.email, password: ADA.password });
  expect(good.status).toBe(201);
  expect((await good.json()).token).toMatch(/^[\w-]+\.[\w-]{43}$/);
  expect((await post('/sessions', { email: ADA.email, password: 'wrong' })).status).toBe(401);
  expect((await post('/sessions', { email: 'bob@example.com', password: 'wrong' })).status).toBe(401);
});

test('looks a user up, and answers 304 when nothing changed', async () => {
  const { id } = await (await post('/users', ADA)).json();
  const first = await fetch(`${base}/users/${id}`);
  expect(await first.json()).toMatchObject({ email: 'ada@example.com' });
  const etag = first.headers.get('etag');
  expect((await fetch(`${base}/users/${id}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('knows neither other users nor other paths', async () => {
  expect((await fetch(`${base}/users/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  expect((await fetch(`${base}/orders`)).status).toBe(404);
});

test('refuses what is not JSON and what is too large', async () => {
  expect((await post('/users', '{')).status).toBe(400);
  expect((await post('/users', JSON.stringify({ email: 'x'.repeat(20_000) }))).status).toBe(413);
});
