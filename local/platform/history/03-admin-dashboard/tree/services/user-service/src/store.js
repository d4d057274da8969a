'use strict';
const { randomUUID } = require('node:crypto');

/** Users in memory, found by id and by e-mail. */
class UserStore {
  #byId = new Map();
  #byEmail = new Map();

  add(user) {
    const email = user.email.toLowerCase();
    if (this.#byEmail.has(email)) return null;
    const stored = { ...user, id: randomUUID(), email };
    this.#byId.set(stored.id, stored);
    this.#byEmail.set(email, stored);
    return stored;
  }

  get(id) {
    return this.#byId.get(id);
  }

  all() {
    return [...this.#byId.values()];
  }

  find(email) {
    return this.#byEmail.get(email.toLowerCase());
  }
}

module.exports = { UserStore };
