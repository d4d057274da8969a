'use strict';
const js = require('@eslint/js');
const globals = require('globals');

module.exports = [
  js.configs.recommended,
  { languageOptions: { sourceType: 'commonjs', globals: globals.node } },
  { files: ['**/test/**', 'tests/**'], languageOptions: { globals: globals.jest } },
  { rules: { complexity: ['warn', 8], eqeqeq: 'error', 'prefer-const': 'error' } },
];
