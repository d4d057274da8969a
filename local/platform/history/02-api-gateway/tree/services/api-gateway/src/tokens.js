'use strict';
const { createHmac, timingSafeEqual } = require('node:crypto');

/** The user id of a valid token, otherwise null. */
function verify(token, secret, now = Date.now()) {
  const [payload, signature] = token.split('.');
  if (!payload || !signature) return null;
  const expected = createHmac('sha256', secret).update(payload).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url'));
  return exp * 1000 > now ? sub : null;
}

module.exports = { verify };
