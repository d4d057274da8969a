'use strict';
const { readConfig } = require('../src/config');

const ENV = { TOKEN_SECRET: 's', USER_SERVICE_URL: 'http://users:8080' };

test('has defaults for everything but the secret and the service', () => {
  expect(readConfig(ENV)).toMatchObject({ host: '0.0.0.0', port: 8080, timeoutMs: 2000, ratePerSecond: 50 });
});

test.each([
  [{ ...ENV, TOKEN_SECRET: '' }, 'TOKEN_SECRET is not set'],
  [{ TOKEN_SECRET: 's' }, 'USER_SERVICE_URL is not set'],
  [{ ...ENV, PORT: 'http' }, 'PORT is not a number: http'],
])('a wrong setting stops the start', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});
