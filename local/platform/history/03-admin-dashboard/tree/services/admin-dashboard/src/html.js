'use strict';

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escape = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** A template tag: every value is escaped, arrays of templates are joined. */
function html(strings, ...values) {
  const shown = (value) => {
    if (Array.isArray(value)) return value.map(shown).join('');
    return value?.html ?? escape(value ?? '');
  };
  return { html: strings.reduce((text, part, index) => text + shown(values[index - 1]) + part) };
}

module.exports = { html };
