'use strict';
const { spawn } = require('node:child_process');
const path = require('node:path');

const ENV = { HOST: '127.0.0.1', PORT: '0', TOKEN_SECRET: 'integration' };

/** Starts a service on a free port of loopback; its address and how to stop it. */
function start(name, env = {}) {
  const child = spawn(process.execPath, [path.join(__dirname, '../../services', name, 'src/server.js')], {
    env: { ...process.env, ...ENV, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGKILL');
    });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
    child.stdout.on('data', (line) => {
      const port = /listening on (\d+)/.exec(line)?.[1];
      if (port) resolve({ url: `http://127.0.0.1:${port}`, stop });
    });
  });
}

module.exports = { start };
