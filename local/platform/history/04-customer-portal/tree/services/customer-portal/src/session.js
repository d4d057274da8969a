'use strict';
const cookie = require('cookie');

const NAME = 'b2b_session';

/** Signs in at the gateway; the cookie to set, or null. */
async function signIn(apiUrl, credentials) {
  const answer = await fetch(new URL('/api/sessions', apiUrl), { method: 'POST', body: JSON.stringify(credentials) });
  if (answer.status !== 201) return null;
  const { token, expiresIn } = await answer.json();
  return cookie.serialize(NAME, token, { httpOnly: true, secure: true, sameSite: 'lax', path: '/', maxAge: expiresIn });
}

const tokenOf = (request) => cookie.parse(request.headers.cookie ?? '')[NAME];

module.exports = { NAME, signIn, tokenOf };
