'use strict';
const { randomBytes, scryptSync, timingSafeEqual } = require('node:crypto');

const LENGTH = 32;

function hash(password, salt = randomBytes(16)) {
  return `${salt.toString('hex')}:${scryptSync(password, salt, LENGTH).toString('hex')}`;
}

function matches(password, stored) {
  const [salt, expected] = stored.split(':').map((part) => Buffer.from(part, 'hex'));
  return timingSafeEqual(scryptSync(password, salt, LENGTH), expected);
}

module.exports = { hash, matches };
