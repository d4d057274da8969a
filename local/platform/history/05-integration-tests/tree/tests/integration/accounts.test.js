'use strict';
const { start } = require('./services');

const ADA = { email: 'ada@engines.example', company: 'Analytical Engines', password: 'correct horse' };
let users;
let gateway;

beforeAll(async () => {
  users = await start('user-service');
  gateway = await start('api-gateway', { USER_SERVICE_URL: users.url });
});
afterAll(() => Promise.all([gateway.stop(), users.stop()]));

const call = (path, init) => fetch(gateway.url + path, init);
const post = (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) });

test('a customer registers, signs in and reads the account', async () => {
  const registered = await post('/api/users', ADA);
  expect(registered.status).toBe(201);
  const { id } = await registered.json();
  const { token } = await (await post('/api/sessions', ADA)).json();
  const account = await call(`/api/users/${id}`, { headers: { authorization: `Bearer ${token}` } });
  expect(await account.json()).toEqual({ id, email: ADA.email, company: ADA.company });
});

test('an account that did not change is not sent again', async () => {
  const { userId, token } = await (await post('/api/sessions', ADA)).json();
  const headers = { authorization: `Bearer ${token}` };
  const etag = (await call(`/api/users/${userId}`, { headers })).headers.get('etag');
  const again = await call(`/api/users/${userId}`, { headers: { ...headers, 'if-none-match': etag } });
  expect(again.status).toBe(304);
});

test('a wrong password gives no token', async () => {
  expect((await post('/api/sessions', { ...ADA, password: 'wrong' })).status).toBe(401);
});

test('an e-mail is taken once', async () => {
  expect((await post('/api/users', ADA)).status).toBe(409);
});

test('a token that was changed opens nothing', async () => {
  const { userId, token } = await (await post('/api/sessions', ADA)).json();
  const headers = { authorization: `Bearer x${token}` };
  expect((await call(`/api/users/${userId}`, { headers })).status).toBe(401);
});

test('users are listed to whom is signed in', async () => {
  const { token } = await (await post('/api/sessions', ADA)).json();
  const listed = await call('/api/users', { headers: { authorization: `Bearer ${token}` } });
  expect(await listed.json()).toHaveLength(1);
  expect((await call('/api/users')).status).toBe(401);
});

test('the gateway says when the user service is away', async () => {
  const alone = await start('api-gateway', { USER_SERVICE_URL: 'http://127.0.0.1:1' });
  const answer = await fetch(`${alone.url}/api/sessions`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(502);
  await alone.stop();
});
