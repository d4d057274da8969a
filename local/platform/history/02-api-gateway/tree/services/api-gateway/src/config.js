'use strict';

function number(env, name, fallback) {
  const value = Number(env[name] ?? fallback);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is not a number: ${env[name]}`);
  return value;
}

function needed(env, name) {
  if (!env[name]) throw new Error(`${name} is not set`);
  return env[name];
}

/** Settings from the environment; a wrong one stops the start. */
function readConfig(env) {
  return {
    host: env.HOST ?? '0.0.0.0',
    port: number(env, 'PORT', 8080),
    secret: needed(env, 'TOKEN_SECRET'),
    userService: new URL(needed(env, 'USER_SERVICE_URL')),
    timeoutMs: number(env, 'UPSTREAM_TIMEOUT_MS', 2000),
    ratePerSecond: number(env, 'RATE_PER_SECOND', 50),
  };
}

module.exports = { readConfig };
