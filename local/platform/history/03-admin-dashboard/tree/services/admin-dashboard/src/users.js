'use strict';
const { html } = require('./html');

/** Users whose e-mail or company has every word of the query, by company. */
function search(users, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return users
    .filter(({ email, company }) => words.every((word) => `${email} ${company}`.toLowerCase().includes(word)))
    .sort((a, b) => a.company.localeCompare(b.company) || a.email.localeCompare(b.email));
}

function page(users, query = '') {
  const found = search(users, query);
  return html`<!doctype html>
<title>Users</title>
<form><input name="q" value="${query}" aria-label="Search"></form>
<p>${found.length} of ${users.length} users</p>
<table>${found.map(({ email, company }) => html`<tr><td>${company}</td><td>${email}</td></tr>`)}</table>`.html;
}

module.exports = { page, search };
