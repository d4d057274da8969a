'use strict';
const { createApp } = require('./app');
const { readConfig } = require('./config');

const config = readConfig(process.env);
const server = createApp(config);
server.listen(config.port, config.host, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close());
