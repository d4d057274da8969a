'use strict';
const { MAX_CLIENTS, RateLimit } = require('../src/rate-limit');

test('a second refills what a second allows', () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([true, true, false]);
  now = 500;
  expect([limit.take('a'), limit.take('a')]).toEqual([true, false]);
  expect(limit.take('b')).toBe(true);
});

test('says how long one request takes to be allowed again', () => {
  expect(new RateLimit(50).retryAfter).toBe(1);
  expect(new RateLimit(0.2).retryAfter).toBe(5);
});

test('forgets the client that was away longest', () => {
  const limit = new RateLimit(1, () => 0);
  limit.take('first');
  for (let client = 0; client < MAX_CLIENTS; client += 1) limit.take(client);
  expect(limit.take('first')).toBe(true);
});
