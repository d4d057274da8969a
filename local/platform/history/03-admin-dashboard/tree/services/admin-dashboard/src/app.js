'use strict';
const http = require('node:http');
const { page } = require('./users');

async function usersPage(url, request, response, apiUrl) {
  const { authorization = '' } = request.headers;
  const answer = await fetch(new URL('/api/users', apiUrl), { headers: { authorization } });
  if (!answer.ok) {
    response.writeHead(answer.status === 401 ? 401 : 502);
    return response.end('The users could not be read.');
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  return response.end(page(await answer.json(), url.searchParams.get('q') ?? ''));
}

function createApp({ apiUrl }) {
  return http.createServer((request, response) => {
    const url = new URL(request.url, 'http://dashboard');
    if (url.pathname === '/health') return response.end('ok');
    if (url.pathname !== '/users') return response.writeHead(404).end();
    return usersPage(url, request, response, apiUrl).catch(() => response.writeHead(502).end());
  });
}

module.exports = { createApp };
