'use strict';
// A service that answers after 100 ms. Prints its port.
const http = require('node:http');

const server = http.createServer((request, response) => {
  request.resume();
  setTimeout(() => response.end('{}'), 100);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
