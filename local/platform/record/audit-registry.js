'use strict';
// A registry for `npm audit` where the real one does not answer its advisory endpoint: advisories come from advisories.json, written by
// hand; everything else is passed on to the real registry. Prints its port.
const http = require('node:http');
const { gunzipSync } = require('node:zlib');
const advisories = require('./advisories.json');

const REAL = 'https://registry.npmjs.org';

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk') {
    const body = Buffer.concat(chunks);
    const asked = Object.keys(JSON.parse(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
    const known = asked.filter((name) => advisories[name]).map((name) => [name, advisories[name]]);
    return response.end(JSON.stringify(Object.fromEntries(known)));
  }
  const real = await fetch(REAL + request.url, { headers: { accept: request.headers.accept ?? '*/*' } });
  return response.writeHead(real.status).end(Buffer.from(await real.arrayBuffer()));
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(502).end(error.message));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
