'use strict';
const http = require('node:http');
const { lineTotal, money, total } = require('./cart');
const { signIn, tokenOf } = require('./session');

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function postSession(request, response, apiUrl) {
  const form = new URLSearchParams(await body(request));
  const cookie = await signIn(apiUrl, { email: form.get('email'), password: form.get('password') });
  if (!cookie) return response.writeHead(401).end('E-mail or password is wrong.');
  return response.writeHead(303, { 'set-cookie': cookie, location: '/cart' }).end();
}

async function postQuote(request, response) {
  if (!tokenOf(request)) return response.writeHead(303, { location: '/sign-in' }).end();
  const lines = JSON.parse(await body(request));
  const quote = { lines: lines.map((line) => money(lineTotal(line))), total: money(total(lines)) };
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(quote));
}

function route(request, response, apiUrl) {
  switch (`${request.method} ${request.url}`) {
    case 'GET /health': return response.end('ok');
    case 'POST /session': return postSession(request, response, apiUrl);
    case 'POST /quote': return postQuote(request, response);
    default: return response.writeHead(404).end();
  }
}

function createApp({ apiUrl }) {
  return http.createServer(async (request, response) => {
    try {
      await route(request, response, apiUrl);
    } catch (error) {
      const unreadable = ['RangeError', 'SyntaxError'].includes(error.name);
      response.writeHead(unreadable ? 400 : 502).end(error.message);
    }
  });
}

module.exports = { createApp };
