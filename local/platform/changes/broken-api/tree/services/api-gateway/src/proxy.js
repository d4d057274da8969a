'use strict';
const http = require('node:http');
const { pipeline } = require('node:stream');
const { sendError } = require('./errors');

/** Requests that wait for a service at the same time; more would only time out. */
const MAX_IN_FLIGHT = 64;
const HOP_BY_HOP = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

function endToEnd(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

let inFlight = 0;

/** Passes a request on, and its answer back. */
function forward(request, response, { origin, path, headers, timeoutMs }) {
  if (inFlight >= MAX_IN_FLIGHT) return sendError(response, 503, 'too many requests are waiting');
  inFlight += 1;
  response.on('finish', () => {
    inFlight -= 1;
  });
  const upstream = http.request(new URL(path, origin), {
    method: request.method,
    headers: { ...endToEnd(request.headers), ...headers, host: origin.host },
    timeout: timeoutMs,
  });
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode, endToEnd(answer.headers));
    pipeline(answer, response, () => {}); // what breaks off on one side breaks off on the other
  });
  upstream.on('timeout', () => upstream.destroy(Object.assign(new Error('timeout'), { status: 504 })));
  upstream.on('error', (error) => {
    if (response.headersSent) return response.destroy();
    return sendError(response, error.status ?? 502, 'the service behind the gateway does not answer');
  });
  return request.pipe(upstream);
}

module.exports = { MAX_IN_FLIGHT, forward };
