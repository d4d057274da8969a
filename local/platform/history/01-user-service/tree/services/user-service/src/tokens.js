'use strict';
const { createHmac } = require('node:crypto');

const LIFETIME_S = 3600;

/** `<payload>.<signature>`, both base64url; the gateway checks the signature with the same secret. */
function sign(userId, secret, now = Date.now()) {
  const claims = { sub: userId, exp: Math.floor(now / 1000) + LIFETIME_S };
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${payload}.${createHmac('sha256', secret).update(payload).digest('base64url')}`;
}

module.exports = { LIFETIME_S, sign };
